package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"
)

const limit = 60 * time.Second

// heard is what the server has told this client.
type heard struct {
	mu       sync.Mutex
	logs     []*mcp.LoggingMessageParams
	progress []*mcp.ProgressNotificationParams
	changed  chan struct{}
	updated  chan struct{}
}

func runClient(ctx context.Context, era string, target []string) error {
	told := &heard{changed: make(chan struct{}, 100), updated: make(chan struct{}, 100)}
	session, err := connect(ctx, era, target, told)
	if err != nil {
		return err
	}
	defer session.Close()
	if url := os.Getenv("AWAY"); url != "" {
		return away(ctx, session, url)
	}
	opened := session.InitializeResult()
	show("opening", map[string]any{"protocol": opened.ProtocolVersion, "opened": opened})
	for _, feature := range features(era, session, told) {
		within, cancel := context.WithTimeout(ctx, limit)
		value, err := feature.use(within)
		cancel()
		show(feature.name, outcome(value, err))
	}
	return nil
}

func connect(ctx context.Context, era string, target []string, told *heard) (*mcp.ClientSession, error) {
	client := mcp.NewClient(&mcp.Implementation{Name: "foreign-go", Version: "1.0.0"}, &mcp.ClientOptions{
		ElicitationHandler: func(context.Context, *mcp.ElicitRequest) (*mcp.ElicitResult, error) {
			return &mcp.ElicitResult{Action: "accept", Content: map[string]any{"name": "Zoë"}}, nil
		},
		CreateMessageHandler: func(context.Context, *mcp.CreateMessageRequest) (*mcp.CreateMessageResult, error) {
			said := &mcp.TextContent{Text: "ü!"}
			return &mcp.CreateMessageResult{Role: "assistant", Content: said, Model: "foreign-1", StopReason: "endTurn"}, nil
		},
		LoggingMessageHandler: func(_ context.Context, req *mcp.LoggingMessageRequest) {
			told.mu.Lock()
			defer told.mu.Unlock()
			told.logs = append(told.logs, req.Params)
		},
		ProgressNotificationHandler: func(_ context.Context, req *mcp.ProgressNotificationClientRequest) {
			told.mu.Lock()
			defer told.mu.Unlock()
			told.progress = append(told.progress, req.Params)
		},
		ToolListChangedHandler: func(context.Context, *mcp.ToolListChangedRequest) { told.changed <- struct{}{} },
		ResourceUpdatedHandler: func(context.Context, *mcp.ResourceUpdatedNotificationRequest) { told.updated <- struct{}{} },
	})
	client.AddRoots(&mcp.Root{URI: "file:///srv/eins", Name: "eins"})
	var transport mcp.Transport = &mcp.StreamableClientTransport{Endpoint: target[0]}
	if !strings.HasPrefix(target[0], "http") {
		command := exec.Command(target[0], target[1:]...)
		command.Stderr = os.Stderr
		transport = &mcp.CommandTransport{Command: command}
	}
	options := &mcp.ClientSessionOptions{}
	if era == "legacy" {
		options.ProtocolVersion = "2025-11-25"
	}
	return client.Connect(ctx, transport, options)
}

type feature struct {
	name string
	use  func(context.Context) (any, error)
}

func features(era string, session *mcp.ClientSession, told *heard) []feature {
	call := func(name string, arguments map[string]any) func(context.Context) (any, error) {
		return func(ctx context.Context) (any, error) { return callTool(ctx, session, name, arguments, nil) }
	}
	read := func(uri string) func(context.Context) (any, error) {
		return func(ctx context.Context) (any, error) {
			return session.ReadResource(ctx, &mcp.ReadResourceParams{URI: uri})
		}
	}
	prompt := func(name string, arguments map[string]string) func(context.Context) (any, error) {
		return func(ctx context.Context) (any, error) {
			return session.GetPrompt(ctx, &mcp.GetPromptParams{Name: name, Arguments: arguments})
		}
	}
	return []feature{
		{"tools", func(ctx context.Context) (any, error) {
			return pages(func(cursor string) (*mcp.ListToolsResult, string, error) {
				page, err := session.ListTools(ctx, &mcp.ListToolsParams{Cursor: cursor})
				if err != nil {
					return nil, "", err
				}
				return page, page.NextCursor, nil
			})
		}},
		{"call", call("echo", map[string]any{"text": "ünïcödé 🧪"})},
		{"tool error", call("fails", map[string]any{})},
		{"protocol error", prompt("nowhere", nil)},
		{"resources", func(ctx context.Context) (any, error) { return session.ListResources(ctx, nil) }},
		{"templates", func(ctx context.Context) (any, error) { return session.ListResourceTemplates(ctx, nil) }},
		{"read", read(plain)},
		{"read by template", read("memo://notes/7")},
		{"prompts", func(ctx context.Context) (any, error) { return session.ListPrompts(ctx, nil) }},
		{"prompt", prompt("letter", map[string]string{"to": "Ödön"})},
		{"completion", func(ctx context.Context) (any, error) {
			return session.Complete(ctx, &mcp.CompleteParams{
				Ref:      &mcp.CompleteReference{Type: "ref/prompt", Name: "letter"},
				Argument: mcp.CompleteParamsArgument{Name: "to", Value: "Par"},
			})
		}},
		{"progress", func(ctx context.Context) (any, error) { return progress(ctx, session, told) }},
		{"logging", func(ctx context.Context) (any, error) { return logging(ctx, era, session, told) }},
		{"elicitation", call("elicits", map[string]any{})},
		{"sampling", call("samples", map[string]any{})},
		{"roots", call("roots", map[string]any{})},
		{"cancellation", func(ctx context.Context) (any, error) { return cancellation(ctx, session, told) }},
		{"list changes", func(ctx context.Context) (any, error) {
			return arrives(ctx, session, told.changed, "announce", map[string]any{})
		}},
		{"subscription", func(ctx context.Context) (any, error) {
			subscribed := session.Subscribe(ctx, &mcp.SubscribeParams{URI: plain})
			arrived, err := arrives(ctx, session, told.updated, "touch", map[string]any{"uri": plain})
			if err != nil {
				return nil, err
			}
			left := session.Unsubscribe(ctx, &mcp.UnsubscribeParams{URI: plain})
			arrived["subscribed"], arrived["unsubscribed"] = outcome(nil, subscribed), outcome(nil, left)
			return arrived, nil
		}},
	}
}

func callTool(ctx context.Context, session *mcp.ClientSession, name string, arguments map[string]any, token any) (*mcp.CallToolResult, error) {
	params := &mcp.CallToolParams{Name: name, Arguments: arguments, Meta: mcp.Meta{"io.modelcontextprotocol/logLevel": "info"}}
	if token != nil {
		params.SetProgressToken(token)
	}
	return session.CallTool(ctx, params)
}

func pages[Page any](next func(cursor string) (Page, string, error)) ([]Page, error) {
	var found []Page
	for cursor := ""; ; {
		page, after, err := next(cursor)
		if err != nil {
			return nil, err
		}
		found = append(found, page)
		if cursor = after; cursor == "" {
			return found, nil
		}
	}
}

func progress(ctx context.Context, session *mcp.ClientSession, told *heard) (any, error) {
	result, err := callTool(ctx, session, "progress", map[string]any{}, "three steps")
	if err != nil {
		return nil, err
	}
	steps := until(told, func() []*mcp.ProgressNotificationParams { return ofToken(told, "three steps") }, 3)
	return map[string]any{"steps": steps, "result": result}, nil
}

func logging(ctx context.Context, era string, session *mcp.ClientSession, told *heard) (any, error) {
	var level any
	if era == "legacy" {
		level = outcome(nil, session.SetLoggingLevel(ctx, &mcp.SetLoggingLevelParams{Level: "info"}))
	}
	result, err := callTool(ctx, session, "logs", map[string]any{}, nil)
	if err != nil {
		return nil, err
	}
	isLast := func() []*mcp.LoggingMessageParams {
		for _, entry := range told.logs {
			if entry.Level == "error" {
				return told.logs
			}
		}
		return nil
	}
	return map[string]any{"setLevel": level, "messages": until(told, isLast, 1), "result": result}, nil
}

func cancellation(ctx context.Context, session *mcp.ClientSession, told *heard) (any, error) {
	key := fmt.Sprint(time.Now().UnixNano())
	cancellable, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		callTool(cancellable, session, "slow", map[string]any{"key": key}, key)
	}()
	until(told, func() []*mcp.ProgressNotificationParams { return ofToken(told, key) }, 1)
	cancel()
	<-ended
	result, err := callTool(ctx, session, "slow_ended", map[string]any{"key": key}, nil)
	return map[string]any{"ended": outcome(result, err)}, nil
}

func ofToken(told *heard, token string) []*mcp.ProgressNotificationParams {
	var its []*mcp.ProgressNotificationParams
	for _, step := range told.progress {
		if step.ProgressToken == token {
			its = append(its, step)
			step.Meta = nil
		}
	}
	return its
}

// until waits for what a handler of the SDK, which runs apart from the call, has still to add.
func until[Entry any](told *heard, look func() []Entry, count int) []Entry {
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		told.mu.Lock()
		entries := append([]Entry{}, look()...)
		told.mu.Unlock()
		if len(entries) >= count || time.Now().After(deadline) {
			return entries
		}
	}
}

// arrives tells whether a notification outside of any request comes. It is lost where its stream is not open yet, so
// the server is asked for it until it does.
func arrives(ctx context.Context, session *mcp.ClientSession, event chan struct{}, tool string, arguments map[string]any) (map[string]any, error) {
	for range 10 {
		if _, err := callTool(ctx, session, tool, arguments, nil); err != nil {
			return nil, err
		}
		select {
		case <-event:
			return map[string]any{"arrived": true}, nil
		case <-time.After(time.Second):
		}
	}
	return map[string]any{"arrived": false}, nil
}

func away(ctx context.Context, session *mcp.ClientSession, url string) error {
	step := func(control, name, text string) error {
		response, err := http.Get(url + "/" + control)
		if err != nil {
			return err
		}
		response.Body.Close()
		within, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		result, err := callTool(within, session, "echo", map[string]any{"text": text}, nil)
		show(name, outcome(result, err))
		return nil
	}
	for _, how := range []string{"refused", "502"} {
		if err := errors.Join(step(how, how, "lost"), step("back", "after "+how, "found")); err != nil {
			return err
		}
	}
	return nil
}

func outcome(value any, err error) any {
	var failure *jsonrpc.Error
	if errors.As(err, &failure) {
		return map[string]any{"error": failure}
	}
	if err != nil {
		return map[string]any{"failed": err.Error()}
	}
	return value
}

func show(feature string, value any) {
	line, err := json.Marshal(map[string]any{"feature": feature, "value": value})
	if err != nil {
		line, _ = json.Marshal(map[string]any{"feature": feature, "value": map[string]any{"failed": err.Error()}})
	}
	fmt.Println(string(line))
}
