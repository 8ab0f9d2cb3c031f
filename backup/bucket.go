package main

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/kopia/kopia/fs"
	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Objects below it say which stacks use the bucket: MARKS in lib/contract/store-identity.ts. They stay with their stack.
const marks = "#mlflow-stack-identity/"

// Parts as boto3 sends them by default, so that a restored object has the same ETag as before, and a second restore
// finds that it is there.
const partSize = 8 << 20

var errVanished = errors.New("the object was deleted meanwhile")

// object is an object of MLflow's bucket. Its key is without the prefix.
type object struct {
	entry
	key     string
	etag    string
	version string
	bucket  *bucket
}

// bucket is MLflow's, by the settings that MLflow has.
type bucket struct {
	client *minio.Client
	name   string
	prefix string
}

func openBucket(s *settings) (*bucket, error) {
	name, prefix, err := bucketAddress("BACKUP_ARTIFACTS", s.artifacts)
	if err != nil {
		return nil, err
	}
	region := os.Getenv("AWS_DEFAULT_REGION")
	if region == "" {
		region = "us-east-1"
	}
	endpoint := os.Getenv("MLFLOW_S3_ENDPOINT_URL")
	if endpoint == "" {
		endpoint = "https://s3." + region + ".amazonaws.com"
	}
	address, err := url.Parse(endpoint)
	if err != nil || address.Host == "" {
		return nil, usage("MLFLOW_S3_ENDPOINT_URL is no address", "Set it to an address such as https://s3.example.com.")
	}
	transport, err := transportOf(os.Getenv("AWS_CA_BUNDLE"))
	if err != nil {
		return nil, err
	}
	lookup := minio.BucketLookupAuto
	if os.Getenv("MLFLOW_BOTO_CLIENT_ADDRESSING_STYLE") == "path" {
		lookup = minio.BucketLookupPath
	}
	client, err := minio.New(address.Host, &minio.Options{
		Creds:        credentials.NewFileAWSCredentials(os.Getenv("AWS_SHARED_CREDENTIALS_FILE"), "default"),
		Secure:       address.Scheme == "https",
		Region:       region,
		BucketLookup: lookup,
		Transport:    transport,
		MaxRetries:   5,
	})
	if err != nil {
		return nil, err
	}
	return &bucket{client, name, prefix}, nil
}

func transportOf(authority string) (http.RoundTripper, error) {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 16
	// The store is in the same network, or reached as its clients reach it.
	transport.ResponseHeaderTimeout = 2 * time.Minute
	transport.DisableCompression = true
	if authority != "" {
		text, err := os.ReadFile(authority)
		if err != nil {
			return nil, err
		}
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		if !pool.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s has no certificate", authority)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: pool}
	}
	return transport, nil
}

func (b *bucket) failure(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return fail(statusFailed, "Check that the object store runs and that its keys are right.",
		"the bucket %s does not answer: %s", b.name, reason(err))
}

// versioned tells whether the bucket keeps what is overwritten and deleted. A key that may not ask is not told.
func (b *bucket) versioned(ctx context.Context) bool {
	configuration, err := b.client.GetBucketVersioning(ctx, b.name)
	return err == nil && configuration.Enabled()
}

// objects are the objects of the bucket as of now, or as of a time if the bucket has versions.
func (b *bucket) objects(ctx context.Context, at time.Time) ([]*object, error) {
	if !b.versioned(ctx) {
		return b.list(ctx, minio.ListObjectsOptions{Prefix: b.prefix, Recursive: true})
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var result []*object
	var key string
	var versions []minio.ObjectInfo
	add := func() {
		if chosen := asOf(versions, at); chosen != nil {
			if one := b.object(*chosen); one != nil {
				result = append(result, one)
			}
		}
		versions = versions[:0]
	}
	options := minio.ListObjectsOptions{Prefix: b.prefix, Recursive: true, WithVersions: true}
	for info := range b.client.ListObjects(ctx, b.name, options) {
		if info.Err != nil && key == "" && minio.ToErrorResponse(info.Err).Code == "AccessDenied" {
			// The key may ask whether there are versions, and not list them.
			return b.list(ctx, minio.ListObjectsOptions{Prefix: b.prefix, Recursive: true})
		}
		if info.Err != nil {
			return nil, b.failure(info.Err)
		}
		if info.Key != key {
			add()
			key = info.Key
		}
		versions = append(versions, info)
	}
	add()
	return result, ctx.Err()
}

// asOf chooses one of the versions of an object, the newest of which comes first: the one of a time; if there was none
// then, the newest since. That one is not needed, but harmless, and the clocks of store and database may differ.
func asOf(versions []minio.ObjectInfo, at time.Time) *minio.ObjectInfo {
	var since *minio.ObjectInfo
	for index := range versions {
		one := &versions[index]
		if !one.LastModified.After(at) {
			if one.IsDeleteMarker {
				return since
			}
			return one
		}
		if since == nil && !one.IsDeleteMarker {
			since = one
		}
	}
	return since
}

func (b *bucket) list(ctx context.Context, options minio.ListObjectsOptions) ([]*object, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var result []*object
	for info := range b.client.ListObjects(ctx, b.name, options) {
		if info.Err != nil {
			return nil, b.failure(info.Err)
		}
		if one := b.object(info); one != nil {
			result = append(result, one)
		}
	}
	return result, ctx.Err()
}

func (b *bucket) object(info minio.ObjectInfo) *object {
	key := strings.TrimPrefix(info.Key, b.prefix)
	if strings.HasPrefix(key, marks) {
		return nil
	}
	etag := strings.Trim(info.ETag, `"`)
	return &object{
		entry: entry{size: info.Size, time: info.LastModified, mode: 0o600, owner: ownerOf(etag)},
		key:   key, etag: etag, version: info.VersionID, bucket: b,
	}
}

// ownerOf is a hash of an ETag. The highest bits stay empty, because some programs read a user's id with a sign.
func ownerOf(etag string) fs.OwnerInfo {
	sum := sha256.Sum256([]byte(etag))
	return fs.OwnerInfo{
		UserID:  binary.BigEndian.Uint32(sum[0:4]) >> 1,
		GroupID: binary.BigEndian.Uint32(sum[4:8]) >> 1,
	}
}

// open reads an object as it was listed. Without versions, one that was overwritten meanwhile is read as it is now.
func (o *object) open(ctx context.Context) (io.ReadCloser, error) {
	core := minio.Core{Client: o.bucket.client}
	reader, info, _, err := core.GetObject(ctx, o.bucket.name, o.bucket.prefix+o.key, minio.GetObjectOptions{VersionID: o.version})
	if err != nil {
		switch minio.ToErrorResponse(err).Code {
		case "NoSuchKey", "NoSuchVersion":
			return nil, errVanished
		}
		return nil, o.bucket.failure(err)
	}
	return &objectReader{reader, o.bucket, info.Size}, nil
}

// objectReader tells an answer that breaks off from the end of an object, and from an error of the target.
type objectReader struct {
	io.ReadCloser
	bucket *bucket
	left   int64
}

func (r *objectReader) Read(into []byte) (int, error) {
	n, err := r.ReadCloser.Read(into)
	r.left -= int64(n)
	if errors.Is(err, io.EOF) && r.left > 0 {
		err = io.ErrUnexpectedEOF
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = r.bucket.failure(err)
	}
	return n, err
}

// put writes an object.
func (b *bucket) put(ctx context.Context, key string, size int64, reader io.Reader) error {
	_, err := b.client.PutObject(ctx, b.name, b.prefix+key, reader, size, minio.PutObjectOptions{
		PartSize: partSize, ContentType: "application/octet-stream", NumThreads: 2,
	})
	if err != nil {
		return b.failure(err)
	}
	return nil
}

func hex16(bytes []byte) string {
	sum := sha256.Sum256(bytes)
	return hex.EncodeToString(sum[:8])
}
