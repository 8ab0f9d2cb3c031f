package gateway

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// How large a body may be, and how long it may take, by the route's class of bodies.
const (
	// Of bodies that the gateway reads itself.
	maxReadBody = 1 << 20
	// Of MLflow's calls.
	maxSmallBody = 16 << 20
	// Of traces, both as sent and unpacked.
	maxTraces = 64 << 20
	// Of records of an evaluation dataset, which MLflow's client sends in one call. MLflow takes nine times as much memory.
	maxRecords = 32 << 20
)

// Timeouts for a whole body. Variables, so that tests can shorten them.
var (
	smallBodyTimeout  = time.Minute
	tracesBodyTimeout = 5 * time.Minute
)

// limitBody applies the limits of the route's class of bodies.
func limitBody(w http.ResponseWriter, r *http.Request, class string) error {
	switch class {
	case bodySmall, bodyRecords:
		// MLflow either does not unpack an encoded body, or unpacks it without a limit.
		if encodingOf(r) != "" {
			return refuseEncoding(r)
		}
		if class == bodyRecords {
			return capBody(w, r, maxRecords, smallBodyTimeout)
		}
		return capBody(w, r, maxSmallBody, smallBodyTimeout)
	case bodySearch:
		return limitSearch(w, r)
	case bodyTraces:
		return limitTraces(w, r)
	default:
		return nil
	}
}

// capBody limits the size of a body and the time it may take.
func capBody(w http.ResponseWriter, r *http.Request, limit int64, timeout time.Duration) error {
	if r.ContentLength > limit {
		return tooLarge(limit).answer(r)
	}
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil
	}
	deadline := time.Now().Add(timeout)
	control := http.NewResponseController(w)
	// Some kinds of connections have no deadlines. The server's own timeouts hold for those.
	_ = control.SetReadDeadline(deadline)
	r.Body = &cappedBody{
		ReadCloser: http.MaxBytesReader(w, r.Body, limit), limit: limit, control: control, deadline: deadline,
	}
	return nil
}

// bodyError is the reason why a body is refused while it is read. The reader may be a goroutine of the proxy, which must not
// touch the request's variables. Hence the handler makes the answer from this error afterwards.
type bodyError struct {
	status        int
	code, message string
}

func (e *bodyError) Error() string { return e.message }

func (e *bodyError) answer(r *http.Request) error { return refuse(r, e.status, e.code, e.message) }

func tooLarge(limit int64) *bodyError {
	return &bodyError{
		http.StatusRequestEntityTooLarge, "INVALID_PARAMETER_VALUE",
		"The body is too large: this call takes " + strconv.FormatInt(limit>>20, 10) + " MiB. Send it in several calls.",
	}
}

// watchedBody knows why reading it failed.
type watchedBody interface{ problem() *bodyError }

// answerOfBody returns the answer to a refused body, or err when the body is not the reason.
func answerOfBody(r *http.Request, body io.Reader, err error) error {
	if err == nil {
		return nil
	}
	if watched, ok := body.(watchedBody); ok {
		if problem := watched.problem(); problem != nil {
			return problem.answer(r)
		}
	}
	return err
}

type cappedBody struct {
	io.ReadCloser
	limit    int64
	control  *http.ResponseController
	deadline time.Time
	ended    atomic.Bool
	failed   atomic.Pointer[bodyError]
}

func (b *cappedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == nil {
		return n, nil
	}
	if _, exceeded := errors.AsType[*http.MaxBytesError](err); exceeded {
		b.failed.Store(tooLarge(b.limit))
	}
	if errors.Is(err, io.EOF) && !b.ended.Swap(true) {
		// The body's timeout must not end a long answer.
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

func (b *cappedBody) problem() *bodyError {
	// The connection's read fails at the deadline, and other readers may see that before this body does.
	if !b.ended.Load() && b.failed.Load() == nil && !time.Now().Before(b.deadline) {
		return tooSlow()
	}
	return b.failed.Load()
}

func tooSlow() *bodyError {
	return &bodyError{http.StatusRequestTimeout, "BAD_REQUEST", "The body took too long to come."}
}
