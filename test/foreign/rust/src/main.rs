//! An MCP server on the Rust SDK, with the tasks extension of 2026-07-28 and with questions to the client.
//!
//!     foreign legacy|modern http|stdio
//!
//! Over HTTP it listens on a free loopback port, and prints `listening on URL`. It ends when stdin ends.

// Sampling is deprecated in 2026-07-28, and not gone.
#![allow(deprecated)]

use std::{borrow::Cow, time::Duration};

use rmcp::{
    ErrorData, ServerHandler, ServiceExt,
    model::*,
    service::{RequestContext, RoleServer},
    task_manager::{TaskContext, TaskExit, TaskManager, TaskOptions},
    transport::{
        stdio,
        streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService, session::local::LocalSessionManager},
    },
};
use serde_json::{Value, json};

type Error = Box<dyn std::error::Error>;

const MODERN: &[ProtocolVersion] = &[ProtocolVersion::V_2026_07_28];
const LEGACY: &[ProtocolVersion] = &[ProtocolVersion::V_2025_06_18, ProtocolVersion::V_2025_11_25];
const TOOLS: &[&str] = &["echo", "elicits", "samples", "task", "task_asks", "task_fails", "task_waits"];

#[derive(Clone)]
struct Server {
    modern: bool,
    tasks: TaskManager,
}

fn said(text: impl Into<String>) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(text)])
}

fn form() -> ElicitRequestParams {
    let schema = json!({"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]});
    ElicitRequestParams::FormElicitationParams {
        meta: None,
        message: "Who are you?".into(),
        requested_schema: serde_json::from_value(schema).expect("a schema"),
    }
}

fn sample() -> CreateMessageRequestParams {
    CreateMessageRequestParams::new(vec![SamplingMessage::user_text("Say ü")], 9)
}

fn question(name: &str) -> InputRequest {
    if name == "samples" {
        InputRequest::CreateMessage(CreateMessageRequest::new(sample()))
    } else {
        InputRequest::Elicitation(ElicitRequest::new(form()))
    }
}

async fn work(name: String, task: TaskContext) -> Result<CallToolResult, TaskExit> {
    match name.as_str() {
        "task_asks" => {
            let answer = task.request_input("name", question("elicits")).await?;
            Ok(said(answer["content"]["name"].as_str().unwrap_or("?")))
        }
        "task_fails" => Err(ErrorData::internal_error("das ging schief", None).into()),
        "task_waits" => {
            task.cancelled().await;
            Err(TaskExit::Cancelled)
        }
        _ => {
            task.set_status_message("half way");
            tokio::time::sleep(Duration::from_millis(100)).await;
            Ok(said("the task is done"))
        }
    }
}

impl Server {
    /// Asks as the revision of the client does: in the result, or with a request.
    async fn asks(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let failed = |error: rmcp::ServiceError| ErrorData::internal_error(error.to_string(), None);
        let answer: Value = if self.modern {
            let Some(responses) = request.input_responses else {
                let requests = [("q".to_string(), question(&request.name))].into();
                return Ok(CallToolResponse::InputRequired(InputRequiredResult::new(Some(requests), Some("é state".into()))));
            };
            json!(responses)["q"].clone()
        } else if request.name == "samples" {
            json!(context.peer.create_message(sample()).await.map_err(failed)?)
        } else {
            json!(context.peer.create_elicitation(form()).await.map_err(failed)?)
        };
        let text = answer["content"]["name"].as_str().or(answer["content"]["text"].as_str());
        Ok(said(text.unwrap_or("?")).into())
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools();
        ServerConfig::new(if self.modern { capabilities.enable_tasks().build() } else { capabilities.build() })
            .with_server_info(Implementation::new("foreign", "1.0.0"))
    }

    fn supported_protocol_versions(&self) -> Cow<'static, [ProtocolVersion]> {
        Cow::Borrowed(if self.modern { MODERN } else { LEGACY })
    }

    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        _context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let schema = serde_json::from_value::<JsonObject>(json!({"type": "object"})).expect("an object");
        let tools = TOOLS.iter().map(|name| Tool::new(*name, "ünïcödé", schema.clone())).collect();
        Ok(ListToolsResult::with_all_items(tools))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        if request.name == "elicits" || request.name == "samples" {
            return self.asks(request, context).await;
        }
        if request.name == "echo" {
            let text = request.arguments.as_ref().and_then(|all| all["text"].as_str()).unwrap_or("?");
            return Ok(said(text).into());
        }
        // What can only be a task is refused before it begins.
        if !context.client_capabilities().is_some_and(|all| all.supports_tasks()) {
            let required = ClientCapabilities::builder().enable_tasks().build();
            return Err(ErrorData::missing_required_client_capability(required));
        }
        let name = request.name.to_string();
        let task = self
            .tasks
            .spawn(TaskOptions::new().with_poll_interval_ms(20), move |task| Box::pin(work(name, task)));
        Ok(CallToolResponse::Task(CreateTaskResult::new(task)))
    }

    async fn get_task(&self, request: GetTaskParams, _: RequestContext<RoleServer>) -> Result<GetTaskResult, ErrorData> {
        Ok(GetTaskResult::new(self.tasks.get_task(&request.task_id)?))
    }

    async fn update_task(&self, request: UpdateTaskParams, _: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        self.tasks.update_task(&request.task_id, request.input_responses)
    }

    async fn cancel_task(&self, request: CancelTaskParams, _: RequestContext<RoleServer>) -> Result<(), ErrorData> {
        self.tasks.cancel_task(&request.task_id)
    }
}

async fn serve_http(server: Server) -> Result<(), Error> {
    let config = StreamableHttpServerConfig::default().with_legacy_session_mode(!server.modern);
    let service: StreamableHttpService<Server, LocalSessionManager> =
        StreamableHttpService::new(move || Ok(server.clone()), Default::default(), config);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}/mcp", listener.local_addr()?);
    let ended = async {
        let end = tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
        let _ = end.await;
        std::process::exit(0);
    };
    tokio::spawn(ended);
    Ok(axum::serve(listener, axum::Router::new().nest_service("/mcp", service)).await?)
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, era, way] = &arguments[..] else {
        return Err("usage: foreign legacy|modern http|stdio".into());
    };
    let server = Server { modern: era == "modern", tasks: TaskManager::new() };
    if way == "http" {
        return serve_http(server).await;
    }
    server.serve(stdio()).await?.waiting().await?;
    Ok(())
}
