package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kopia/kopia/fs"
)

// store is a small object store with one bucket. It checks no signature.
type store struct {
	mutex    sync.Mutex
	versions bool
	// The newest version of a key comes first.
	objects map[string][]*version
	count   int
	// Number of objects that were read.
	reads int
	// Code of the error that answers each request of a method.
	refusals map[string]string
	// written is called after each object that a client has written.
	written func()
	// Called before an object is read.
	beforeGet func(key string)
}

type version struct {
	id      string
	content []byte
	time    time.Time
	deleted bool
}

func (v *version) etag() string {
	sum := md5.Sum(v.content)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

func (s *store) put(key, content string) { s.putAt(key, content, time.Now()) }

func (s *store) putAt(key, content string, at time.Time) {
	s.add(key, &version{content: []byte(content), time: at})
}

func (s *store) delete(key string) { s.add(key, &version{deleted: true, time: time.Now()}) }

func (s *store) add(key string, one *version) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.count++
	one.id = fmt.Sprintf("v%d", s.count)
	one.time = one.time.UTC().Truncate(time.Millisecond)
	if s.objects == nil {
		s.objects = map[string][]*version{}
	}
	switch {
	case s.versions:
		s.objects[key] = append([]*version{one}, s.objects[key]...)
	case one.deleted:
		delete(s.objects, key)
	default:
		s.objects[key] = []*version{one}
	}
}

func (s *store) content(key string) string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if found := s.objects[key]; len(found) > 0 && !found[0].deleted {
		return string(found[0].content)
	}
	return "(none)"
}

func (s *store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, "/bucket"), "/")
	query := r.URL.Query()
	refusal := s.refusals[r.Method]
	switch {
	case !strings.HasPrefix(r.URL.Path+"/", "/bucket/"):
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, "<Error><Code>NoSuchBucket</Code><Message>The specified bucket does not exist</Message></Error>")
	case refusal != "":
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", refusal, refusal)
	case r.Method == http.MethodPut:
		body := io.Reader(r.Body)
		if r.Header.Get("X-Amz-Decoded-Content-Length") != "" {
			body = &chunks{bufio.NewReader(r.Body), 0, false}
		}
		content, err := io.ReadAll(body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		one := &version{content: content, time: time.Now()}
		s.add(key, one)
		if s.written != nil {
			s.written()
		}
		w.Header().Set("ETag", one.etag())
	case r.Method == http.MethodDelete:
		s.delete(key)
		w.WriteHeader(http.StatusNoContent)
	case key == "" && query.Has("location"):
		fmt.Fprint(w, `<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></LocationConstraint>`)
	case key == "" && query.Has("versioning"):
		enabled := ""
		if s.versions {
			enabled = "<Status>Enabled</Status>"
		}
		fmt.Fprint(w, "<VersioningConfiguration>"+enabled+"</VersioningConfiguration>")
	case key == "":
		s.list(w, query)
	default:
		s.get(w, r, key, query.Get("versionId"))
	}
}

func (s *store) list(w http.ResponseWriter, query url.Values) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var keys []string
	for key := range s.objects {
		if strings.HasPrefix(key, query.Get("prefix")) {
			keys = append(keys, key)
		}
	}
	sort.Strings(keys)
	name := "ListBucketResult"
	if query.Has("versions") {
		name = "ListVersionsResult"
	}
	fmt.Fprintf(w, "<%s><Name>bucket</Name><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>", name)
	for _, key := range keys {
		for _, one := range s.objects[key] {
			kind := "Contents"
			if query.Has("versions") {
				kind = "Version"
			}
			if one.deleted {
				kind = "DeleteMarker"
			}
			fmt.Fprintf(w, "<%s><Key>%s</Key><VersionId>%s</VersionId><LastModified>%s</LastModified><ETag>%s</ETag><Size>%d</Size></%s>",
				kind, url.QueryEscape(key), one.id, one.time.Format("2006-01-02T15:04:05.000Z"), xmlText(one.etag()), len(one.content), kind)
			if !query.Has("versions") {
				break
			}
		}
	}
	fmt.Fprintf(w, "</%s>", name)
}

func xmlText(text string) string {
	var into bytes.Buffer
	_ = xml.EscapeText(&into, []byte(text))
	return into.String()
}

func (s *store) get(w http.ResponseWriter, r *http.Request, key, id string) {
	if s.beforeGet != nil {
		s.beforeGet(key)
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, one := range s.objects[key] {
		if (id == "" || id == one.id) && !one.deleted {
			s.reads++
			w.Header().Set("ETag", one.etag())
			// It knows ranges, which kopia asks for.
			http.ServeContent(w, r, "", one.time, bytes.NewReader(one.content))
			return
		}
		if id == "" {
			break
		}
	}
	w.WriteHeader(http.StatusNotFound)
	fmt.Fprint(w, "<Error><Code>NoSuchKey</Code><Message>none</Message></Error>")
}

// chunks reads a body in the form of a signed stream: length in hexadecimal, signature, content.
type chunks struct {
	from  *bufio.Reader
	left  int64
	ended bool
}

func (c *chunks) Read(into []byte) (int, error) {
	for c.left == 0 {
		if c.ended {
			return 0, io.EOF
		}
		line, err := c.from.ReadString('\n')
		if err != nil {
			return 0, err
		}
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		size, _, _ := strings.Cut(line, ";")
		if c.left, err = strconv.ParseInt(size, 16, 64); err != nil {
			return 0, err
		}
		c.ended = c.left == 0
	}
	if int64(len(into)) > c.left {
		into = into[:c.left]
	}
	n, err := c.from.Read(into)
	c.left -= int64(n)
	return n, err
}

// world is a stack with its store, and a folder as the target.
type world struct {
	*testing.T
	store    *store
	settings *settings
	folder   string
	clock    time.Time
	dump     string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, store: &store{}, folder: t.TempDir(), clock: time.Now().UTC().Truncate(time.Second), dump: "rows"}
	server := httptest.NewServer(w.store)
	t.Cleanup(server.Close)
	keys := filepath.Join(t.TempDir(), "keys")
	targetCredentials = keys
	if err := os.WriteFile(keys, []byte("[default]\naws_access_key_id = a\naws_secret_access_key = b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", keys)
	t.Setenv("MLFLOW_S3_ENDPOINT_URL", server.URL)
	t.Setenv("MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE", "path")
	stateFolder, secretsFolder = t.TempDir(), t.TempDir()
	w.settings = &settings{
		artifacts: "s3://bucket", stack: "prod", target: "file://" + w.folder, passphrase: "a passphrase of tests", mlflow: "3.17.2",
		keep: mustKeep(t, defaultKeep), keepText: defaultKeep, schedule: "0 * * * *",
	}
	return w
}

func (w *world) bucket() *bucket {
	w.Helper()
	b, err := openBucket(w.settings)
	if err != nil {
		w.Fatal(err)
	}
	return b
}

// contents are a backup of the store as it is, beside a database that is one text.
func (w *world) contents() *contents {
	w.Helper()
	objects, err := w.bucket().objects(context.Background(), time.Now())
	if err != nil {
		w.Fatal(err)
	}
	secrets, names, err := secretsTree()
	if err != nil {
		w.Fatal(err)
	}
	w.clock = w.clock.Add(time.Second)
	record := &backup{Time: w.clock, Stack: w.settings.stack, MLflow: w.settings.mlflow, Schema: "public", Secrets: names}
	for _, one := range objects {
		record.Objects++
		record.Bytes += one.size
	}
	c := &contents{record: record, root: newFolder("mlflow"), dump: &counting{}, counted: func() error { return nil }}
	c.root.children = []fs.Entry{
		newStream(dumpName, w.clock, func(context.Context) (io.ReadCloser, error) {
			c.dump.ReadCloser = io.NopCloser(strings.NewReader(w.dump))
			return c.dump, nil
		}),
		artifactsFolder(objects), secrets,
	}
	return c
}

// save makes a backup.
func (w *world) save() (*runReport, error) { return w.saveContents(context.Background(), w.contents()) }

func (w *world) saveContents(ctx context.Context, c *contents) (*runReport, error) {
	v, err := openVault(ctx, w.settings, creating)
	if err != nil {
		return nil, err
	}
	defer v.close(ctx)
	if _, err := v.requireStack(ctx, w.settings.stack); err != nil {
		return nil, err
	}
	return v.save(ctx, c)
}

func (w *world) mustSave() *runReport {
	w.Helper()
	report, err := w.save()
	if err != nil {
		w.Fatal(err)
	}
	return report
}

func (w *world) list() []*backup {
	w.Helper()
	v, backups, err := openBackups(context.Background(), w.settings, readOnly, w.settings.stack)
	if err != nil {
		w.Fatal(err)
	}
	v.close(context.Background())
	return backups
}

// open returns the folder of a backup, which can be read until it is closed.
func (w *world) open(at string) (root fs.Directory, closed func()) {
	w.Helper()
	ctx := context.Background()
	v, backups, err := openBackups(ctx, w.settings, thorough, w.settings.stack)
	if err != nil {
		w.Fatal(err)
	}
	one, err := find(backups, at)
	if err != nil {
		w.Fatal(err)
	}
	root, err = v.root(one)
	if err != nil {
		w.Fatal(err)
	}
	return root, func() { v.close(ctx) }
}

// files are all files of a backup, by their path.
func (w *world) files(id string) map[string]string {
	w.Helper()
	ctx := context.Background()
	root, closed := w.open(id)
	defer closed()
	result := map[string]string{}
	err := eachObject(ctx, root, "", func(key string, file fs.File) error {
		reader, err := file.Open(ctx)
		if err != nil {
			return err
		}
		defer reader.Close()
		content, err := io.ReadAll(reader)
		result[key] = string(content)
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return result
}

func (w *world) wantStatus(err error, wanted status) {
	w.Helper()
	if err == nil {
		w.Fatalf("succeeded, and should have ended with %s", statusNames[wanted])
	}
	found := asFailure(err)
	if found.status != wanted {
		w.Fatalf("ended with %s in place of %s: %v", statusNames[found.status], statusNames[wanted], err)
	}
	if found.message == "" || found.remedy == "" {
		w.Fatalf("%s without a sentence or a remedy", statusNames[wanted])
	}
	if strings.Contains(found.message+found.remedy, w.settings.passphrase) {
		w.Fatal("the passphrase is told")
	}
}
