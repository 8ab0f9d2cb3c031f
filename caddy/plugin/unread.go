package gateway

import (
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

const (
	// How long an answer waits for the rest of a body that nobody has read. A body that comes with its header is there by then,
	// and its connection can be used again.
	arrivalTime = 100 * time.Millisecond
	// How long the connection stays open after a refusal, so that a client that is still sending can read it.
	lingerTime = 2 * time.Second
	// Of a body that is read in vain, as in Go's own server.
	maxUnread = 256 << 10
)

// UnreadBody keeps an answer from waiting for a body that no handler has read, for instance because the caller is not logged
// in. Go's server would wait for 256 KiB of it before it answers, however slowly they come.
type UnreadBody struct {
	// How long the following handlers may read the body. Default: any time
	Timeout caddy.Duration `json:"timeout,omitempty"`
}

func init() { caddy.RegisterModule(new(UnreadBody)) }

// CaddyModule tells Caddy about this module.
func (*UnreadBody) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.mlflow_unread_body", New: func() caddy.Module { return new(UnreadBody) }}
}

// UnmarshalCaddyfile reads
//
//	mlflow_unread_body {
//		timeout <duration>
//	}
func (u *UnreadBody) UnmarshalCaddyfile(d *caddyfile.Dispenser) error {
	return readBlock(d, settings{"timeout": oneDuration(&u.Timeout)})
}

func (u *UnreadBody) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	// HTTP/2 ends the request alone, and waits for nothing.
	if r.ProtoMajor != 1 {
		return next.ServeHTTP(w, r)
	}
	if r.Context().Err() != nil {
		// Go ends the context of a connection for good when a read of it fails, also by a timeout. Upstreams get no request of
		// such a connection, so the client should take another one.
		w.Header().Set("Connection", "close")
	}
	if r.ContentLength < 0 {
		// The body comes in chunks. A Content-Length beside them is hidden by Go, and RFC 9112 6.1 wants the connection closed
		// then: a proxy before the gateway that goes by the length would take what follows for another client's request.
		w.Header().Set("Connection", "close")
	}
	if r.ContentLength == 0 || r.Body == nil || r.Body == http.NoBody {
		return next.ServeHTTP(w, r)
	}
	body := &watchedEnd{ReadCloser: r.Body, control: http.NewResponseController(w)}
	if u.Timeout > 0 {
		_ = body.control.SetReadDeadline(time.Now().Add(time.Duration(u.Timeout)))
		body.timed = true
	}
	answer := &answerAfterBody{
		ResponseWriterWrapper: &caddyhttp.ResponseWriterWrapper{ResponseWriter: w},
		body:                  body,
		// Reading would ask the client for the body.
		awaited: r.Header.Get("Expect") != "",
	}
	r.Body = body
	err := next.ServeHTTP(answer, r)
	answer.begin()
	return err
}

// watchedEnd knows whether a body was read to its end.
type watchedEnd struct {
	io.ReadCloser
	control *http.ResponseController
	timed   bool
	ended   atomic.Bool
	closed  atomic.Bool
}

func (b *watchedEnd) Read(p []byte) (int, error) {
	if b.closed.Load() {
		return 0, http.ErrBodyReadAfterClose
	}
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) && !b.ended.Swap(true) && b.timed {
		// The body's timeout must not end a long answer.
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

// Close leaves Go's body open, because closing it would read the rest. A proxy's transport closes the body at any time when
// the upstream answers early. Go's server closes it at the end.
func (b *watchedEnd) Close() error {
	b.closed.Store(true)
	return nil
}

// answerAfterBody reads what has come of the body before the answer begins. If that is not all, the connection closes after
// the answer, which only its header can tell the client and Go's server.
type answerAfterBody struct {
	*caddyhttp.ResponseWriterWrapper
	body    *watchedEnd
	awaited bool
	begun   bool
}

func (a *answerAfterBody) WriteHeader(status int) {
	// Others are no answers yet.
	if status >= http.StatusOK {
		a.begin()
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answerAfterBody) Write(p []byte) (int, error) {
	a.begin()
	return a.ResponseWriter.Write(p)
}

func (a *answerAfterBody) ReadFrom(source io.Reader) (int64, error) {
	a.begin()
	return a.ResponseWriterWrapper.ReadFrom(source)
}

func (a *answerAfterBody) FlushError() error {
	a.begin()
	return http.NewResponseController(a.ResponseWriter).Flush()
}

func (a *answerAfterBody) begin() {
	if a.begun {
		return
	}
	a.begun = true
	if a.body.ended.Load() {
		return
	}
	control := a.body.control
	if !a.awaited {
		began := time.Now()
		_ = control.SetReadDeadline(began.Add(arrivalTime))
		if _, err := io.CopyN(io.Discard, a.body.ReadCloser, maxUnread); errors.Is(err, io.EOF) {
			_ = control.SetReadDeadline(time.Time{})
			// After the body Go reads on, to see whether the client leaves. That must not have met the deadline.
			if time.Since(began) < arrivalTime {
				return
			}
		}
	}
	// With this header the server sends the answer before it reads the rest.
	a.Header().Set("Connection", "close")
	_ = control.SetReadDeadline(time.Now().Add(lingerTime))
}

var _ caddyhttp.MiddlewareHandler = (*UnreadBody)(nil)
