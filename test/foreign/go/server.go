package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

const plain = "memo://plain"

type text struct {
	Text string `json:"text"`
}
type key struct {
	Key string `json:"key"`
}
type uri struct {
	URI string `json:"uri"`
}

// serve listens on a free loopback port, prints `listening on URL`, and ends when stdin ends. This SDK serves
// 2026-07-28 only without sessions, and earlier revisions with everything they have only with them.
func serve(era string) {
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server := catalogue()
	handler := mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server },
		&mcp.StreamableHTTPOptions{Stateless: era == "modern", PropagateRequestCancellation: true})
	mux := http.NewServeMux()
	mux.Handle("/mcp", handler)
	fmt.Printf("listening on http://%s/mcp\n", listener.Addr())
	log.Fatal(http.Serve(listener, mux))
}

// serveStdio serves on standard input and output until they end.
func serveStdio() {
	if err := catalogue().Run(context.Background(), &mcp.StdioTransport{}); err != nil && !errors.Is(err, io.EOF) {
		log.Fatal(err)
	}
}

func catalogue() *mcp.Server {
	server := mcp.NewServer(&mcp.Implementation{Name: "foreign", Version: "1.0.0"}, &mcp.ServerOptions{
		Instructions:       "Grüße from Go",
		PageSize:           4,
		CompletionHandler:  complete,
		SubscribeHandler:   func(context.Context, *mcp.SubscribeRequest) error { return nil },
		UnsubscribeHandler: func(context.Context, *mcp.UnsubscribeRequest) error { return nil },
	})
	tool(server, "echo", func(_ context.Context, _ *mcp.CallToolRequest, in text) (string, error) {
		return in.Text, nil
	})
	tool(server, "fails", func(context.Context, *mcp.CallToolRequest, struct{}) (string, error) {
		return "", errors.New("das ging schief")
	})
	tool(server, "progress", func(ctx context.Context, req *mcp.CallToolRequest, _ struct{}) (string, error) {
		for step := 1; step <= 3; step++ {
			if err := report(ctx, req, float64(step), 3, fmt.Sprintf("step %d", step)); err != nil {
				return "", err
			}
		}
		return "done", nil
	})
	var ended sync.Map
	channel := func(key string) chan struct{} {
		value, _ := ended.LoadOrStore(key, make(chan struct{}))
		return value.(chan struct{})
	}
	tool(server, "slow", func(ctx context.Context, req *mcp.CallToolRequest, in key) (string, error) {
		defer close(channel(in.Key))
		if err := report(ctx, req, 1, 2, "begun"); err != nil {
			return "", err
		}
		<-ctx.Done()
		return "", ctx.Err()
	})
	tool(server, "slow_ended", func(ctx context.Context, _ *mcp.CallToolRequest, in key) (string, error) {
		select {
		case <-channel(in.Key):
			return "cancelled", nil
		case <-ctx.Done():
			return "", ctx.Err()
		}
	})
	tool(server, "logs", func(ctx context.Context, req *mcp.CallToolRequest, _ struct{}) (string, error) {
		for _, entry := range []*mcp.LoggingMessageParams{
			{Level: "debug", Data: "detail", Logger: "foreign"},
			{Level: "info", Data: "ünïcödé", Logger: "foreign"},
			{Level: "error", Data: map[string]int{"code": 7}, Logger: "foreign"},
		} {
			if err := req.Session.Log(ctx, entry); err != nil {
				return "", err
			}
		}
		return "logged", nil
	})
	question(server, "elicits", &mcp.ElicitParams{
		Mode:    "form",
		Message: "Who are you?",
		RequestedSchema: map[string]any{
			"type":       "object",
			"properties": map[string]any{"name": map[string]any{"type": "string"}},
			"required":   []string{"name"},
		},
	})
	question(server, "samples", &mcp.CreateMessageParams{
		Messages:  []*mcp.SamplingMessage{{Role: "user", Content: &mcp.TextContent{Text: "Say ü"}}},
		MaxTokens: 9,
	})
	question(server, "roots", &mcp.ListRootsParams{})
	tool(server, "touch", func(ctx context.Context, _ *mcp.CallToolRequest, in uri) (string, error) {
		return "touched", server.ResourceUpdated(ctx, &mcp.ResourceUpdatedNotificationParams{URI: in.URI})
	})
	tool(server, "announce", func(context.Context, *mcp.CallToolRequest, struct{}) (string, error) {
		// The SDK tells of a change only when there is one.
		server.AddPrompt(&mcp.Prompt{Name: "passing"}, letter)
		server.RemovePrompts("passing")
		tool(server, "passing", func(context.Context, *mcp.CallToolRequest, struct{}) (string, error) { return "", nil })
		server.RemoveTools("passing")
		return "announced", nil
	})
	server.AddResource(&mcp.Resource{Name: "plain", URI: plain, MIMEType: "text/plain"}, read)
	server.AddResourceTemplate(
		&mcp.ResourceTemplate{Name: "note", URITemplate: "memo://notes/{id}", MIMEType: "text/plain"}, read)
	arguments := []*mcp.PromptArgument{{Name: "to", Required: true}}
	server.AddPrompt(&mcp.Prompt{Name: "letter", Arguments: arguments}, letter)
	return server
}

// tool adds one that answers with a text.
func tool[In any](server *mcp.Server, name string, run func(context.Context, *mcp.CallToolRequest, In) (string, error)) {
	mcp.AddTool(server, &mcp.Tool{Name: name},
		func(ctx context.Context, req *mcp.CallToolRequest, in In) (*mcp.CallToolResult, any, error) {
			said, err := run(ctx, req, in)
			if err != nil {
				return nil, nil, err
			}
			return textResult(said), nil, nil
		})
}

// question adds a tool that asks the client and answers with what the client said. The SDK sends a request to a legacy
// client, and to one of 2026-07-28 the result that asks.
func question(server *mcp.Server, name string, asked mcp.InputRequest) {
	mcp.AddTool(server, &mcp.Tool{Name: name},
		func(_ context.Context, req *mcp.CallToolRequest, _ struct{}) (*mcp.CallToolResult, any, error) {
			answer, ok := req.Params.InputResponses["question"]
			if !ok {
				requests := mcp.InputRequestMap{"question": asked}
				return &mcp.CallToolResult{InputRequests: requests, RequestState: "first round"}, nil, nil
			}
			said, err := json.Marshal(answer)
			if err != nil {
				return nil, nil, err
			}
			return textResult(string(said)), nil, nil
		})
}

func textResult(said string) *mcp.CallToolResult {
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: said}}}
}

func report(ctx context.Context, req *mcp.CallToolRequest, progress, total float64, message string) error {
	token := req.Params.GetProgressToken()
	if token == nil {
		return nil
	}
	return req.Session.NotifyProgress(ctx, &mcp.ProgressNotificationParams{
		ProgressToken: token, Progress: progress, Total: total, Message: message,
	})
}

func read(_ context.Context, req *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
	said := "ein Memo"
	if id, isNote := strings.CutPrefix(req.Params.URI, "memo://notes/"); isNote {
		said = "note " + id
	}
	contents := []*mcp.ResourceContents{{URI: req.Params.URI, MIMEType: "text/plain", Text: said}}
	return &mcp.ReadResourceResult{Contents: contents}, nil
}

func letter(_ context.Context, req *mcp.GetPromptRequest) (*mcp.GetPromptResult, error) {
	said := &mcp.TextContent{Text: "Dear " + req.Params.Arguments["to"]}
	return &mcp.GetPromptResult{Messages: []*mcp.PromptMessage{{Role: "user", Content: said}}}, nil
}

func complete(_ context.Context, req *mcp.CompleteRequest) (*mcp.CompleteResult, error) {
	values := []string{}
	for _, value := range []string{"Paris", "Parma"} {
		if strings.HasPrefix(value, req.Params.Argument.Value) {
			values = append(values, value)
		}
	}
	return &mcp.CompleteResult{Completion: mcp.CompletionResultDetails{Values: values}}, nil
}
