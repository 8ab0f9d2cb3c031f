package gateway

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
)

// readObject reads the body as a JSON object, up to maxReadBody.
func readObject(w http.ResponseWriter, r *http.Request) (map[string]json.RawMessage, error) {
	text, err := readText(w, r)
	if err != nil {
		return nil, err
	}
	return objectIn(r, text)
}

// readText reads the whole body, up to maxReadBody. Of an empty one nothing is left to pass on.
func readText(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if encodingOf(r) != "" {
		return nil, refuseEncoding(r)
	}
	if err := capBody(w, r, maxReadBody, smallBodyTimeout); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, answerOfBody(r, r.Body, caddyhttp.Error(statusClientClosed, err))
	}
	// A client that sends chunks does not say beforehand that there are none.
	if len(text) == 0 {
		r.Body, r.ContentLength, r.TransferEncoding, r.Trailer = http.NoBody, 0, nil, nil
	}
	return text, nil
}

func objectIn(r *http.Request, text []byte) (map[string]json.RawMessage, error) {
	object, err := parseObject(text)
	if err == nil {
		return object, nil
	}
	// Old clients send the object inside of a JSON string, which MLflow accepts.
	var inner string
	if json.Unmarshal(text, &inner) == nil {
		if object, innerErr := parseObject([]byte(inner)); innerErr == nil {
			return object, nil
		}
	}
	return nil, refuseBody(r, "The body must be a JSON object, whose keys are names of fields, with none twice.")
}

// replaceBody sends MLflow the object that was checked instead of the client's text.
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

// refuseBodyOfGet refuses a GET or HEAD with a body. MLflow takes the fields of a call from there if the query has none of
// them, and the rules for a query would not see them.
func refuseBodyOfGet(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead || r.Body == nil || r.ContentLength == 0 {
		return nil
	}
	if r.ContentLength < 0 {
		if text, err := readText(w, r); err != nil || len(text) == 0 {
			return err
		}
	}
	return refuseBody(r, "A "+r.Method+" has no body here: its fields belong into the query.")
}

// encodingOf returns the body's Content-Encoding, empty for identity.
func encodingOf(r *http.Request) string {
	encoding := strings.ToLower(strings.TrimSpace(strings.Join(r.Header.Values("Content-Encoding"), ",")))
	if encoding == "identity" {
		return ""
	}
	return encoding
}

func refuseEncoding(r *http.Request) error {
	return refuse(r, http.StatusUnsupportedMediaType, "INVALID_PARAMETER_VALUE", "This Content-Encoding is not supported.")
}

func refuseBody(r *http.Request, message string) error {
	return refuse(r, http.StatusBadRequest, "INVALID_PARAMETER_VALUE", message)
}
