package gateway

import (
	"slices"
	"strconv"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/caddyconfig/httpcaddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

func init() {
	register("mlflow_unread_body", func() directive { return new(UnreadBody) })
	register("mlflow_header_lines", func() directive { return new(HeaderLines) })
	register("mlflow_client", func() directive { return new(Client) })
	register("mlflow_login", func() directive { return new(Login) })
	register("mlflow_access", func() directive { return new(Access) })
	register("mlflow_ready", func() directive { return new(Ready) })
	register("mlflow_upload", func() directive { return new(Upload) })
	// The order in which Caddy runs them if a Caddyfile uses them outside of a route.
	httpcaddyfile.RegisterDirectiveOrder("mlflow_unread_body", httpcaddyfile.Before, "redir")
	httpcaddyfile.RegisterDirectiveOrder("mlflow_header_lines", httpcaddyfile.Before, "redir")
	httpcaddyfile.RegisterDirectiveOrder("mlflow_client", httpcaddyfile.Before, "request_header")
	httpcaddyfile.RegisterDirectiveOrder("mlflow_ready", httpcaddyfile.Before, "respond")
	httpcaddyfile.RegisterDirectiveOrder("mlflow_upload", httpcaddyfile.Before, "reverse_proxy")
	httpcaddyfile.RegisterDirectiveOrder("mlflow_access", httpcaddyfile.After, "basic_auth")
	// Registered last, so that it runs before mlflow_access.
	httpcaddyfile.RegisterDirectiveOrder("mlflow_login", httpcaddyfile.After, "basic_auth")
	registerApp("egress", func() caddyfile.Unmarshaler { return new(Egress) })
	registerApp("egress_entry", func() caddyfile.Unmarshaler { return new(EgressEntry) })
}

// registerApp makes a Caddy app available as a global option of the same name.
func registerApp(name string, create func() caddyfile.Unmarshaler) {
	httpcaddyfile.RegisterGlobalOption(name, func(d *caddyfile.Dispenser, _ any) (any, error) {
		app := create()
		if err := app.UnmarshalCaddyfile(d); err != nil {
			return nil, err
		}
		return httpcaddyfile.App{Name: name, Value: caddyconfig.JSON(app, nil)}, nil
	})
}

type directive interface {
	caddyhttp.MiddlewareHandler
	caddyfile.Unmarshaler
}

func register(name string, create func() directive) {
	httpcaddyfile.RegisterHandlerDirective(name, func(h httpcaddyfile.Helper) (caddyhttp.MiddlewareHandler, error) {
		handler := create()
		return handler, handler.UnmarshalCaddyfile(h.Dispenser)
	})
}

// UnmarshalCaddyfile reads
//
//	mlflow_login {
//		users                <file>
//		hashes               <folder>
//		failures_per_address <number>
//		failures_per_user    <number>
//		failure_window       <duration>
//		origin               <scheme>://<host>
//		cookies              <prefix of a name> ...
//		oauth2 <host:port> {
//			write_groups <group> ...
//			admin_groups <group> ...
//			write_emails <address> ...
//			admin_emails <address> ...
//			read_machines  <subject> ...
//			write_machines <subject> ...
//			admin_machines <subject> ...
//		}
//	}
func (l *Login) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return readBlock(d, settings{
		"users":                oneText(&l.Users),
		"hashes":               oneText(&l.Hashes),
		"failures_per_address": oneNumber(&l.FailuresPerAddress),
		"failures_per_user":    oneNumber(&l.FailuresPerUser),
		"failure_window":       oneDuration(&l.FailureWindow),
		"origin":               oneText(&l.Origin),
		"cookies":              texts(&l.Cookies),
		"oauth2": func(d *caddyfile.Dispenser) error {
			l.OAuth2 = new(OAuth2)
			if !d.Args(&l.OAuth2.Proxy) || d.NextArg() {
				return d.ArgErr()
			}
			return readNestedBlock(d, settings{
				"write_groups":   texts(&l.OAuth2.WriteGroups),
				"admin_groups":   texts(&l.OAuth2.AdminGroups),
				"write_emails":   texts(&l.OAuth2.WriteEmails),
				"admin_emails":   texts(&l.OAuth2.AdminEmails),
				"read_machines":  texts(&l.OAuth2.ReadMachines),
				"write_machines": texts(&l.OAuth2.WriteMachines),
				"admin_machines": texts(&l.OAuth2.AdminMachines),
			})
		},
	})
}

// UnmarshalCaddyfile reads
//
//	mlflow_access {
//		routes        <file>
//		features      <name> ...
//		artifact_root <address>
//	}
func (a *Access) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return readBlock(d, settings{
		"routes":        oneText(&a.Routes),
		"features":      texts(&a.Features),
		"artifact_root": oneText(&a.ArtifactRoot),
	})
}

// UnmarshalCaddyfile reads
//
//	mlflow_ready {
//		upstream <host:port>
//		key_file <file>
//		host     <name>
//		timeout  <duration>
//		keep     <duration>
//	}
func (h *Ready) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return readBlock(d, settings{
		"upstream": oneText(&h.Upstream),
		"key_file": oneText(&h.KeyFile),
		"host":     oneText(&h.Host),
		"timeout":  oneDuration(&h.Timeout),
		"keep":     oneDuration(&h.Keep),
	})
}

// UnmarshalCaddyfile reads
//
//	mlflow_upload {
//		upstream <host:port>
//		key_file <file>
//		host     <name>
//		store    <prefix of a URL>
//		min_size <bytes>
//	}
func (u *Upload) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return readBlock(d, settings{
		"upstream": oneText(&u.Upstream),
		"key_file": oneText(&u.KeyFile),
		"host":     oneText(&u.Host),
		"store":    oneText(&u.Store),
		"min_size": oneNumber(&u.MinSize),
	})
}

// UnmarshalCaddyfile reads
//
//	egress {
//		hosts         <host:port> ...
//		private_hosts <host>=<range> ...
//		tls_stores    <host:port> ...
//		tcp_stores    <host:port> ...
//	}
func (e *Egress) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return readBlock(d, settings{
		"hosts":         texts(&e.Hosts),
		"private_hosts": texts(&e.PrivateHosts),
		"tls_stores":    texts(&e.TLSStores),
		"tcp_stores":    texts(&e.TCPStores),
	})
}

// UnmarshalCaddyfile reads
//
//	egress_entry {
//		to    <host>
//		ports <port> ...
//	}
func (e *EgressEntry) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return readBlock(d, settings{
		"to":    oneText(&e.To),
		"ports": texts(&e.Ports),
	})
}

type settings map[string]func(d *caddyfile.Dispenser) error

func readBlock(d *caddyfile.Dispenser, known settings) error {
	d.Next()
	if d.NextArg() {
		return d.ArgErr()
	}
	return readNestedBlock(d, known)
}

func readNestedBlock(d *caddyfile.Dispenser, known settings) error {
	for nesting := d.Nesting(); d.NextBlock(nesting); {
		read, ok := known[d.Val()]
		if !ok {
			return d.Errf("unknown setting %q", d.Val())
		}
		if err := read(d); err != nil {
			return err
		}
	}
	return nil
}

func oneText(target *string) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		if !d.Args(target) || d.NextArg() {
			return d.ArgErr()
		}
		return nil
	}
}

// texts reads a setting that may be repeated, and may have no value.
func texts(target *[]string) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		// An empty environment variable in the Caddyfile adds an empty word.
		*target = append(*target, slices.DeleteFunc(d.RemainingArgs(), func(text string) bool { return text == "" })...)
		return nil
	}
}

func oneNumber(target *int) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		var text string
		if err := oneText(&text)(d); err != nil {
			return err
		}
		number, err := strconv.Atoi(text)
		if err != nil || number < 1 {
			return d.Errf("%q must be a number above 0", text)
		}
		*target = number
		return nil
	}
}

func oneDuration(target *caddy.Duration) func(*caddyfile.Dispenser) error {
	return func(d *caddyfile.Dispenser) error {
		var text string
		if err := oneText(&text)(d); err != nil {
			return err
		}
		duration, err := caddy.ParseDuration(text)
		if err != nil || duration <= 0 {
			return d.Errf("%q must be a duration above 0", text)
		}
		*target = caddy.Duration(duration)
		return nil
	}
}
