package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"go.uber.org/zap"
)

const (
	// Set to yes where the next handlers have to send the request to the store.
	uploadVar = "mlflow.upload"
	// The most that S3 takes as one part.
	maxPart = 5 << 30
	// How long MLflow may take to begin or to end an upload.
	uploadCallTime = time.Minute
	// What MLflow says of an upload: one address.
	maxUploadAnswer = 64 << 10
)

// An upload of a file as MLflow's client sends it, with a folder: the beginning, the folder and the name, as they were
// sent.
var uploadPath = regexp.MustCompile(`^(/(?:ajax-)?api/[^/]+/mlflow-artifacts)/artifacts/(.+)/([^/]+)$`)

// What MLflow reads in another way after it has decoded an address once.
const ambiguousInName = "%#:\\"

// Upload lets a file that a client sends to MLflow go past it. MLflow begins an upload of one part and says where it
// goes; the next handlers send the request there, as it is; and MLflow ends the upload. Where MLflow does not want to,
// the request goes on unchanged. The caller has been let through to upload this file before.
type Upload struct {
	// Host and port of MLflow.
	Upstream string `json:"upstream"`
	// Host header of the calls, one that MLflow allows. Default: the upstream's host and port
	Host string `json:"host,omitempty"`
	// What the addresses begin with that MLflow may answer: the store and the bucket, and the folder in it.
	Store string `json:"store"`
	// Bytes from which on a file goes past MLflow; below, its two further calls take longer than the file. Default: 8 MiB
	Least int `json:"least,omitempty"`

	client *http.Client
	logger *zap.Logger
}

func init() { caddy.RegisterModule(new(Upload)) }

// CaddyModule tells Caddy about this module.
func (*Upload) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.mlflow_upload", New: func() caddy.Module { return new(Upload) }}
}

// Provision makes the client.
func (u *Upload) Provision(ctx caddy.Context) error {
	u.Least = orDefault(u.Least, 8<<20)
	u.logger = ctx.Logger()
	u.client = questionClient()
	return nil
}

// Validate refuses what is no address.
func (u *Upload) Validate() error {
	if _, _, err := net.SplitHostPort(u.Upstream); err != nil {
		return fmt.Errorf("mlflow_upload: upstream: %q is no host and port: %w", u.Upstream, err)
	}
	if store, err := url.Parse(u.Store); err != nil || store.Host == "" || len(store.Path) < 2 {
		return fmt.Errorf("mlflow_upload: store: %q is no address of a bucket", u.Store)
	}
	return nil
}

func (u *Upload) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if r.Method != http.MethodPut || r.ContentLength < int64(u.Least) || r.ContentLength > maxPart {
		return next.ServeHTTP(w, r)
	}
	upload, part, err := u.begin(r)
	if err != nil {
		// MLflow has not seen the file yet, and says itself what is wrong.
		u.logger.Debug("an upload goes through MLflow", zap.Error(err))
		return next.ServeHTTP(w, r)
	}
	err = u.send(w, r, next, upload, part)
	if err != nil {
		u.abort(r, upload)
	}
	return err
}

// upload is what MLflow's three calls say of one.
type upload struct {
	api, folder string

	Path     string       `json:"path"`
	NumParts int          `json:"num_parts,omitempty"`
	ID       string       `json:"upload_id,omitempty"`
	Parts    []uploadPart `json:"parts,omitempty"`
}

type uploadPart struct {
	Number int    `json:"part_number"`
	ETag   string `json:"etag"`
}

// begin returns the upload and where its only part goes.
func (u *Upload) begin(r *http.Request) (*upload, *url.URL, error) {
	found := uploadPath.FindStringSubmatch(r.URL.EscapedPath())
	if found == nil {
		return nil, nil, errors.New("it has no folder")
	}
	name, err := url.PathUnescape(found[3])
	folder, folderErr := url.PathUnescape(found[2])
	if err != nil || folderErr != nil || isAmbiguous(folder+"/"+name) {
		return nil, nil, errors.New("MLflow may read its name in another way")
	}
	begun := &upload{api: found[1], folder: found[2], Path: name, NumParts: 1}
	text, err := u.call(r.Context(), r, "create", begun)
	if err != nil {
		return nil, nil, err
	}
	var answer struct {
		ID          string `json:"upload_id"`
		Credentials []struct {
			URL string `json:"url"`
		} `json:"credentials"`
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return nil, nil, err
	}
	begun.ID, begun.NumParts = answer.ID, 0
	if len(answer.Credentials) == 1 && strings.HasPrefix(answer.Credentials[0].URL, strings.TrimSuffix(u.Store, "/")+"/") {
		if part, err := url.Parse(answer.Credentials[0].URL); err == nil {
			return begun, part, nil
		}
	}
	u.abort(r, begun)
	return nil, nil, errors.New("MLflow named another place")
}

func isAmbiguous(path string) bool {
	return strings.ContainsAny(path, ambiguousInName) ||
		strings.ContainsFunc(path, func(c rune) bool { return c < ' ' || c == 0x7f || c == 0xfffd })
}

// send lets the next handlers send the file to the store, and ends the upload.
func (u *Upload) send(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler, begun *upload, part *url.URL) error {
	setVar(r, uploadVar, "yes")
	// a copy, because errors and the log are about the client's own address.
	sent := r.WithContext(r.Context())
	sent.URL, sent.RequestURI = part, part.RequestURI()
	header := w.Header().Clone()
	recorder := caddyhttp.NewResponseRecorder(w, new(bytes.Buffer), func(int, http.Header) bool { return true })
	err := next.ServeHTTP(recorder, sent)
	begun.Parts = []uploadPart{{Number: 1, ETag: w.Header().Get("ETag")}}
	// the store's answer is none of the client's.
	clear(w.Header())
	maps.Copy(w.Header(), header)
	if err != nil {
		return err
	}
	if status := recorder.Status(); status != http.StatusOK {
		if status != http.StatusInsufficientStorage {
			status = http.StatusBadGateway
		}
		return caddyhttp.Error(status, fmt.Errorf("the store answered %d", recorder.Status()))
	}
	// all of the file is there: whoever has gone meanwhile has uploaded it.
	if _, err := u.call(context.WithoutCancel(r.Context()), r, "complete", begun); err != nil {
		return caddyhttp.Error(http.StatusBadGateway, err)
	}
	w.Header().Set("Content-Type", "application/json")
	_, err = io.WriteString(w, "{}")
	return err
}

// abort lets the store forget what it has of an upload.
func (u *Upload) abort(r *http.Request, begun *upload) {
	begun.Parts = nil
	if _, err := u.call(context.WithoutCancel(r.Context()), r, "abort", begun); err != nil {
		u.logger.Warn("an upload was not aborted, the store forgets it in a day", zap.Error(err))
	}
}

func (u *Upload) call(ctx context.Context, r *http.Request, verb string, body *upload) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, uploadCallTime)
	defer cancel()
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	address := "http://" + u.Upstream + body.api + "/mpu/" + verb + "/" + body.folder
	question, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	question.Host = u.Host
	question.Header.Set("Content-Type", "application/json")
	for _, name := range []string{"X-Request-Id", "X-Mlflow-Workspace"} {
		if values := r.Header.Values(name); len(values) > 0 {
			question.Header[name] = values
		}
	}
	answer, err := u.client.Do(question)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(io.LimitReader(answer.Body, maxUploadAnswer))
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("MLflow answered %d to %s an upload", answer.StatusCode, verb)
	}
	return content, nil
}
