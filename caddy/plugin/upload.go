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
	// yes when the next handlers have to send the request to the store.
	uploadVar = "mlflow.upload"
	// S3's maximum for one part.
	maxPart = 5 << 30
	// How long MLflow may take to create, complete or abort an upload.
	uploadCallTimeout = time.Minute
	// MLflow's answer to a new upload has one URL.
	maxUploadAnswer = 64 << 10
)

// The path of a file in a folder, as MLflow's client uploads it. The groups are the API's path, the folder and the name, all
// still encoded.
var uploadPath = regexp.MustCompile(`^(/(?:ajax-)?api/[^/]+/mlflow-artifacts)/artifacts/(.+)/([^/]+)$`)

// MLflow decodes a path a second time, and may then read these characters in another way.
const ambiguousInName = "%#:\\"

// Upload sends a file that a client uploads to MLflow directly to the store. MLflow creates a multipart upload of one part
// and answers with its URL, the next handlers send the client's body to that URL, and MLflow completes the upload. When MLflow
// does not create the upload, the request goes to MLflow unchanged. mlflow_access has allowed the upload before.
type Upload struct {
	// Host and port of MLflow.
	Upstream string `json:"upstream"`
	// File with the key by which MLflow knows the gateway. Default: no key
	KeyFile string `json:"key_file,omitempty"`
	// Host header of the calls, which MLflow has to allow. Default: the upstream's host and port
	Host string `json:"host,omitempty"`
	// Prefix that the URLs in MLflow's answers must have: store, bucket and, if there is one, the folder in it.
	Store string `json:"store"`
	// Files with fewer bytes go through MLflow: the two further calls would take longer than the file. Default: 8 MiB
	MinSize int `json:"min_size,omitempty"`

	client *http.Client
	logger *zap.Logger
}

func init() { caddy.RegisterModule(new(Upload)) }

// CaddyModule tells Caddy about this module.
func (*Upload) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.mlflow_upload", New: func() caddy.Module { return new(Upload) }}
}

// Provision sets the defaults.
func (u *Upload) Provision(ctx caddy.Context) error {
	u.MinSize = orDefault(u.MinSize, 8<<20)
	u.logger = ctx.Logger()
	client, err := newMLflowClient(u.KeyFile)
	if err != nil {
		return fmt.Errorf("mlflow_upload: %w", err)
	}
	u.client = client
	return nil
}

// Validate refuses settings that are not valid.
func (u *Upload) Validate() error {
	if _, _, err := net.SplitHostPort(u.Upstream); err != nil {
		return fmt.Errorf("mlflow_upload: upstream: %q is not a host and port: %w", u.Upstream, err)
	}
	if store, err := url.Parse(u.Store); err != nil || store.Host == "" || len(store.Path) < 2 {
		return fmt.Errorf("mlflow_upload: store: %q is not a URL of a bucket", u.Store)
	}
	return nil
}

func (u *Upload) ServeHTTP(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	if r.Method != http.MethodPut || r.ContentLength < int64(u.MinSize) || r.ContentLength > maxPart {
		return next.ServeHTTP(w, r)
	}
	upload, part, err := u.create(r)
	if err != nil {
		// MLflow has not got the body yet, so it can answer itself what is wrong.
		u.logger.Debug("an upload goes through MLflow", zap.Error(err))
		return next.ServeHTTP(w, r)
	}
	err = u.send(w, r, next, upload, part)
	if err != nil {
		u.abort(r, upload)
	}
	return err
}

// upload is the body of MLflow's three calls for a multipart upload.
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

// create returns the new upload and the URL of its only part.
func (u *Upload) create(r *http.Request) (*upload, *url.URL, error) {
	found := uploadPath.FindStringSubmatch(r.URL.EscapedPath())
	if found == nil {
		return nil, nil, errors.New("it has no folder")
	}
	name, err := url.PathUnescape(found[3])
	folder, folderErr := url.PathUnescape(found[2])
	if err != nil || folderErr != nil || isAmbiguous(folder+"/"+name) {
		return nil, nil, errors.New("MLflow may read its name in another way")
	}
	created := &upload{api: found[1], folder: found[2], Path: name, NumParts: 1}
	text, err := u.call(r.Context(), r, "create", created)
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
	created.ID, created.NumParts = answer.ID, 0
	if len(answer.Credentials) == 1 && strings.HasPrefix(answer.Credentials[0].URL, strings.TrimSuffix(u.Store, "/")+"/") {
		if part, err := url.Parse(answer.Credentials[0].URL); err == nil {
			return created, part, nil
		}
	}
	u.abort(r, created)
	return nil, nil, errors.New("MLflow named another place")
}

func isAmbiguous(path string) bool {
	return strings.ContainsAny(path, ambiguousInName) ||
		strings.ContainsFunc(path, func(c rune) bool { return c < ' ' || c == 0x7f || c == 0xfffd })
}

// send lets the next handlers send the file to the store, and completes the upload.
func (u *Upload) send(w http.ResponseWriter, r *http.Request, next caddyhttp.Handler, created *upload, part *url.URL) error {
	setVar(r, uploadVar, "yes")
	// A copy, because errors and the access log must show the client's own URL.
	sent := r.WithContext(r.Context())
	sent.URL, sent.RequestURI = part, part.RequestURI()
	header := w.Header().Clone()
	recorder := caddyhttp.NewResponseRecorder(w, new(bytes.Buffer), func(int, http.Header) bool { return true })
	err := next.ServeHTTP(recorder, sent)
	created.Parts = []uploadPart{{Number: 1, ETag: w.Header().Get("ETag")}}
	// The client gets none of the store's headers.
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
	// The store has the whole file, so the upload is completed even if the client has left.
	if _, err := u.call(context.WithoutCancel(r.Context()), r, "complete", created); err != nil {
		return caddyhttp.Error(http.StatusBadGateway, err)
	}
	w.Header().Set("Content-Type", "application/json")
	_, err = io.WriteString(w, "{}")
	return err
}

// abort lets the store delete the parts of an upload.
func (u *Upload) abort(r *http.Request, created *upload) {
	created.Parts = nil
	if _, err := u.call(context.WithoutCancel(r.Context()), r, "abort", created); err != nil {
		u.logger.Warn("an upload was not aborted, the store forgets it in a day", zap.Error(err))
	}
}

func (u *Upload) call(ctx context.Context, r *http.Request, verb string, body *upload) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, uploadCallTimeout)
	defer cancel()
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	address := "http://" + u.Upstream + body.api + "/mpu/" + verb + "/" + body.folder
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	request.Host = u.Host
	request.Header.Set("Content-Type", "application/json")
	for _, name := range []string{"X-Request-Id", "X-Mlflow-Workspace"} {
		if values := r.Header.Values(name); len(values) > 0 {
			request.Header[name] = values
		}
	}
	answer, err := u.client.Do(request)
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
