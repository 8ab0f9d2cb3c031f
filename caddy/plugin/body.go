package gateway

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

const (
	// What the gateway reads itself.
	maxReadBody = 1 << 20
	// What MLflow's calls take.
	maxSmallBody = 16 << 20
	// Traces, as they come and unpacked.
	maxTraces = 64 << 20
)

// How long a whole body may take. Variables only for the tests.
var (
	smallBodyTime  = time.Minute
	tracesBodyTime = 5 * time.Minute
)

// readObject reads a JSON object out of the body, capped.
func readObject(w http.ResponseWriter, r *http.Request) (map[string]json.RawMessage, error) {
	text, err := readText(w, r)
	if err != nil {
		return nil, err
	}
	return objectIn(r, text)
}

// readText reads the whole body, capped.
func readText(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if encodingOf(r) != "" {
		return nil, refuseEncoding(r)
	}
	if err := capBody(w, r, maxReadBody, smallBodyTime); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, answerOfBody(r, r.Body, caddyhttp.Error(statusClientClosed, err))
	}
	return text, nil
}

func objectIn(r *http.Request, text []byte) (map[string]json.RawMessage, error) {
	object, err := parseObject(text)
	if err == nil {
		return object, nil
	}
	// old clients send JSON as a JSON string, and MLflow reads it.
	var inner string
	if json.Unmarshal(text, &inner) == nil {
		if object, innerErr := parseObject([]byte(inner)); innerErr == nil {
			return object, nil
		}
	}
	return nil, refuseBody(r, "The body must be a JSON object, with no key twice.")
}

// replaceBody sends what was judged instead of what came.
func replaceBody(r *http.Request, object map[string]json.RawMessage) error {
	text, err := json.Marshal(object)
	if err != nil {
		return refuseBody(r, "The body must be a JSON object.")
	}
	r.Body = io.NopCloser(bytes.NewReader(text))
	r.ContentLength = int64(len(text))
	r.TransferEncoding = nil
	r.Trailer = nil
	r.Header.Set("Content-Length", strconv.Itoa(len(text)))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Del("Content-Encoding")
	r.Header.Del("Transfer-Encoding")
	r.Header.Del("Expect")
	return nil
}

// limitBody applies the class of the route.
func limitBody(w http.ResponseWriter, r *http.Request, class string) error {
	switch class {
	case bodySmall:
		// MLflow would not unpack it either, or without this limit.
		if encodingOf(r) != "" {
			return refuseEncoding(r)
		}
		return capBody(w, r, maxSmallBody, smallBodyTime)
	case bodyTraces:
		return limitTraces(w, r)
	default:
		return nil
	}
}

// encodingOf is how the body is packed; empty when it is not.
func encodingOf(r *http.Request) string {
	encoding := strings.ToLower(strings.TrimSpace(strings.Join(r.Header.Values("Content-Encoding"), ",")))
	if encoding == "identity" {
		return ""
	}
	return encoding
}

// limitTraces unpacks traces itself, because MLflow does so without a limit.
func limitTraces(w http.ResponseWriter, r *http.Request) error {
	encoding := encodingOf(r)
	if encoding != "" && encoding != "gzip" {
		return refuseEncoding(r)
	}
	if err := capBody(w, r, maxTraces, tracesBodyTime); err != nil {
		return err
	}
	r.Header.Del("Content-Encoding")
	if encoding == "gzip" {
		if err := unpackTraces(r); err != nil {
			return err
		}
	}
	return watchTraceTags(r)
}

// unpackTraces puts the inside of a gzip body in its place. A little that may become much is unpacked to its end before
// MLflow hears of it.
func unpackTraces(r *http.Request) error {
	packed := r.Body
	begin, err := io.ReadAll(io.LimitReader(packed, maxReadBody+1))
	if err != nil {
		return answerOfBody(r, packed, caddyhttp.Error(statusClientClosed, err))
	}
	length := int64(-1)
	r.Header.Del("Content-Length")
	if len(begin) <= maxReadBody {
		trial := unpacked(begin, packed)
		if length, err = io.Copy(io.Discard, trial); err != nil {
			return answerOfBody(r, trial, caddyhttp.Error(http.StatusBadRequest, err))
		}
		r.Header.Set("Content-Length", strconv.FormatInt(length, 10))
	}
	r.ContentLength = length
	r.TransferEncoding = nil
	r.Body = unpacked(begin, packed)
	return nil
}

// capBody limits how long a body is, and how long it takes.
func capBody(w http.ResponseWriter, r *http.Request, limit int64, patience time.Duration) error {
	if r.ContentLength > limit {
		return tooLarge(limit).answer(r)
	}
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return nil
	}
	deadline := time.Now().Add(patience)
	control := http.NewResponseController(w)
	// not all kinds of connections have deadlines; the servers' own still hold.
	_ = control.SetReadDeadline(deadline)
	r.Body = &cappedBody{
		ReadCloser: http.MaxBytesReader(w, r.Body, limit), limit: limit, control: control, deadline: deadline,
	}
	return nil
}

// bodyError is why a body is refused while it is read. Whoever reads it, maybe the proxy's own goroutine, must not touch
// the request's variables, so the answer is made of it afterwards.
type bodyError struct {
	status        int
	code, message string
}

func (e *bodyError) Error() string { return e.message }

func (e *bodyError) answer(r *http.Request) error { return refuse(r, e.status, e.code, e.message) }

func tooLarge(limit int64) *bodyError {
	return &bodyError{
		http.StatusRequestEntityTooLarge, "INVALID_PARAMETER_VALUE",
		"The body is too large: this call takes " + strconv.FormatInt(limit>>20, 10) + " MiB.",
	}
}

// watchedBody tells why its reading failed.
type watchedBody interface{ problem() *bodyError }

// answerOfBody is the answer to a body that could not be read, or the error itself when it has another reason.
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
		// the answer may take longer than the body was allowed to.
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}

func (b *cappedBody) problem() *bodyError {
	// the server gives up the request as soon as the time is over, which others may see first.
	if !b.ended.Load() && b.failed.Load() == nil && !time.Now().Before(b.deadline) {
		return &bodyError{http.StatusRequestTimeout, "BAD_REQUEST", "The body took too long to come."}
	}
	return b.failed.Load()
}

// unpackedBody is the inside of a gzip body.
type unpackedBody struct {
	packed io.ReadCloser
	// what has been read of it, and the rest.
	source io.Reader
	reader *gzip.Reader
	left   int64
	failed atomic.Pointer[bodyError]
}

func unpacked(begin []byte, packed io.ReadCloser) *unpackedBody {
	return &unpackedBody{
		packed: packed, source: io.MultiReader(bytes.NewReader(begin), packed), left: maxTraces,
	}
}

func (b *unpackedBody) Read(p []byte) (int, error) {
	if b.reader == nil {
		reader, err := gzip.NewReader(b.source)
		if err != nil {
			return 0, b.fail(err)
		}
		b.reader = reader
	}
	n, err := b.reader.Read(p)
	if b.left -= int64(n); b.left < 0 {
		b.failed.Store(tooLarge(maxTraces))
		return 0, b.failed.Load()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = b.fail(err)
	}
	return n, err
}

func (b *unpackedBody) fail(err error) error {
	// only what is wrong with the gzip itself: other errors are the connection's.
	if _, corrupt := errors.AsType[flate.CorruptInputError](err); corrupt || errors.Is(err, gzip.ErrHeader) ||
		errors.Is(err, gzip.ErrChecksum) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		b.failed.Store(&bodyError{http.StatusBadRequest, "INVALID_PARAMETER_VALUE", "The body is no gzip."})
		return io.ErrUnexpectedEOF
	}
	return err
}

func (b *unpackedBody) Close() error { return b.packed.Close() }

func (b *unpackedBody) problem() *bodyError {
	if watched, ok := b.packed.(watchedBody); ok {
		if problem := watched.problem(); problem != nil {
			return problem
		}
	}
	return b.failed.Load()
}

func refuseEncoding(r *http.Request) error {
	return refuse(r, http.StatusUnsupportedMediaType, "INVALID_PARAMETER_VALUE", "This Content-Encoding is not understood here.")
}

func refuseBody(r *http.Request, message string) error {
	return refuse(r, http.StatusBadRequest, "INVALID_PARAMETER_VALUE", message)
}
