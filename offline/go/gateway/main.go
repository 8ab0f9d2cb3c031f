package main

import (
	_ "cdktf-mlflow.invalid/gateway"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
	_ "github.com/caddyserver/replace-response"
	_ "github.com/mholt/caddy-ratelimit"
)

func main() { caddycmd.Main() }
