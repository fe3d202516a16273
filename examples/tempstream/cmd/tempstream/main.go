// Command tempstream shows one live stream to those who have a link, for as long as the link lasts.
package main

import (
	"fmt"
	"os"
	"strings"

	"gotgcall/examples/tempstream/internal/config"
)

func main() {
	if _, err := config.Load(environ()); err != nil {
		fmt.Fprintln(os.Stderr, "tempstream:", err)
		os.Exit(2)
	}
}

// environ is the environment as a map.
func environ() map[string]string {
	all := map[string]string{}
	for _, pair := range os.Environ() {
		if name, value, ok := strings.Cut(pair, "="); ok {
			all[name] = value
		}
	}
	return all
}
