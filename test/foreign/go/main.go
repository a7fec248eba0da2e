// An MCP server and an MCP client on the Go SDK, in one program; the same as python/server.py and python/client.py.
//
//	foreign server legacy|modern|stdio
//	foreign client legacy|modern URL|COMMAND ARGUMENT...
package main

import (
	"context"
	"log"
	"os"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) == 3 && os.Args[1] == "server" && os.Args[2] == "stdio" {
		serveStdio()
	} else if len(os.Args) == 3 && os.Args[1] == "server" {
		serve(os.Args[2])
	} else if len(os.Args) > 3 && os.Args[1] == "client" {
		if err := runClient(context.Background(), os.Args[2], os.Args[3:]); err != nil {
			log.Fatal(err)
		}
	} else {
		log.Fatal("usage: foreign server legacy|modern|stdio | foreign client legacy|modern URL|COMMAND ARGUMENT...")
	}
}
