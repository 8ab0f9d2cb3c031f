package gateway

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// unpackers open the encodings that MLflow takes for traces.
var unpackers = map[string]func(io.Reader) (io.Reader, error){
	"gzip":    func(source io.Reader) (io.Reader, error) { return gzip.NewReader(source) },
	"deflate": openDeflate,
}

// openDeflate reads zlib's format, which RFC 9110 calls deflate, and deflate without zlib's header, which some clients send.
// MLflow takes both.
func openDeflate(source io.Reader) (io.Reader, error) {
	buffered := bufio.NewReader(source)
	header, err := buffered.Peek(2)
	if err != nil {
		return nil, err
	}
	// RFC 1950: the method 8, and a checksum of both bytes.
	if header[0]&0x0f == 8 && (uint(header[0])<<8|uint(header[1]))%31 == 0 {
		return zlib.NewReader(buffered)
	}
	return flate.NewReader(buffered), nil
}

// limitTraces unpacks traces here, because MLflow would unpack them without a limit.
func limitTraces(w http.ResponseWriter, r *http.Request) error {
	encoding := encodingOf(r)
	open := unpackers[encoding]
	if encoding != "" && open == nil {
		return refuseEncoding(r)
	}
	if err := capBody(w, r, maxTraces, tracesBodyTimeout); err != nil {
		return err
	}
	r.Header.Del("Content-Encoding")
	if open != nil {
		if err := unpackTraces(r, encoding); err != nil {
			return err
		}
	}
	return watchTraceTags(r)
}

// unpackTraces replaces a packed body by its content. A small body may unpack to a large one, so it is unpacked to its end
// once before MLflow gets the request.
func unpackTraces(r *http.Request, encoding string) error {
	packed := r.Body
	start, err := io.ReadAll(io.LimitReader(packed, maxReadBody+1))
	if err != nil {
		return answerOfBody(r, packed, caddyhttp.Error(statusClientClosed, err))
	}
	length := int64(-1)
	r.Header.Del("Content-Length")
	if len(start) <= maxReadBody {
		trial := unpacked(encoding, start, packed)
		if length, err = io.Copy(io.Discard, trial); err != nil {
			return answerOfBody(r, trial, caddyhttp.Error(http.StatusBadRequest, err))
		}
		r.Header.Set("Content-Length", strconv.FormatInt(length, 10))
	}
	r.ContentLength = length
	r.TransferEncoding = nil
	r.Body = unpacked(encoding, start, packed)
	return nil
}

// unpackedBody is the content of a packed body.
type unpackedBody struct {
	encoding string
	packed   io.ReadCloser
	// The part of packed that was read before, and the rest.
	source io.Reader
	reader io.Reader
	left   int64
	failed atomic.Pointer[bodyError]
}

func unpacked(encoding string, start []byte, packed io.ReadCloser) *unpackedBody {
	return &unpackedBody{
		encoding: encoding, packed: packed, source: io.MultiReader(bytes.NewReader(start), packed), left: maxTraces,
	}
}

func (b *unpackedBody) Read(p []byte) (int, error) {
	if b.reader == nil {
		reader, err := unpackers[b.encoding](b.source)
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
	// Only errors of the format: all others are the connection's.
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	for _, known := range []error{gzip.ErrHeader, gzip.ErrChecksum, zlib.ErrHeader, zlib.ErrChecksum, zlib.ErrDictionary, io.EOF, io.ErrUnexpectedEOF} {
		corrupt = corrupt || errors.Is(err, known)
	}
	if corrupt {
		b.failed.Store(&bodyError{http.StatusBadRequest, "INVALID_PARAMETER_VALUE", "The body is not valid " + b.encoding + "."})
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
