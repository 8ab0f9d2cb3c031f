package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/kopia/kopia/fs"
)

// Names in the root of a backup.
const (
	dumpName      = "database.dump"
	artifactsName = "artifacts"
	secretsName   = "secrets"
	manifestName  = "manifest.json"
)

// entry is what all files and folders of a backup have. Its owner carries a hash of the object's ETag, so that kopia
// reads an object again that was overwritten within a second by one of the same size.
type entry struct {
	name  string
	size  int64
	time  time.Time
	mode  os.FileMode
	owner fs.OwnerInfo
}

func (e *entry) Name() string                { return e.name }
func (e *entry) Size() int64                 { return e.size }
func (e *entry) Mode() os.FileMode           { return e.mode }
func (e *entry) ModTime() time.Time          { return e.time }
func (e *entry) IsDir() bool                 { return e.mode.IsDir() }
func (e *entry) Sys() any                    { return nil }
func (e *entry) Owner() fs.OwnerInfo         { return e.owner }
func (e *entry) Device() fs.DeviceInfo       { return fs.DeviceInfo{} }
func (e *entry) LocalFilesystemPath() string { return "" }
func (e *entry) Close()                      {}

// folder is a folder that is made before the backup reads it.
type folder struct {
	entry
	children []fs.Entry
	names    map[string]*folder
}

func newFolder(name string) *folder {
	return &folder{entry: entry{name: name, mode: 0o700 | os.ModeDir}, names: map[string]*folder{}}
}

func (f *folder) Child(ctx context.Context, name string) (fs.Entry, error) {
	return fs.IterateEntriesAndFindChild(ctx, f, name)
}
func (f *folder) Iterate(context.Context) (fs.DirectoryIterator, error) {
	return fs.StaticIterator(f.children, nil), nil
}
func (f *folder) SupportsMultipleIterations() bool { return true }

func (f *folder) sub(name string) *folder {
	if f.names[name] == nil {
		f.names[name] = newFolder(name)
		f.children = append(f.children, f.names[name])
	}
	return f.names[name]
}

// stream is a file whose size is known at its end. It is read once.
type stream struct {
	entry
	open func(ctx context.Context) (io.ReadCloser, error)
}

func (s *stream) GetReader(ctx context.Context) (io.ReadCloser, error) { return s.open(ctx) }

func newStream(name string, at time.Time, open func(context.Context) (io.ReadCloser, error)) *stream {
	return &stream{entry{name: name, mode: 0o600, time: at}, open}
}

// file is a file of a known size and time, which kopia does not read again if both are as before.
type file struct {
	entry
	open func(ctx context.Context) (io.ReadCloser, error)
}

func (f *file) Open(ctx context.Context) (fs.Reader, error) {
	reader, err := f.open(ctx)
	if err != nil {
		return nil, err
	}
	return &fileReader{reader, f}, nil
}

type fileReader struct {
	io.ReadCloser
	file *file
}

func (r *fileReader) Entry() (fs.Entry, error) { return r.file, nil }

// Kopia seeks only in files that it sends in parts. The policy says that it shall not.
func (r *fileReader) Seek(int64, int) (int64, error) { return 0, errors.ErrUnsupported }

// artifactsFolder is the tree of the objects.
func artifactsFolder(objects []*object) *folder {
	root := newFolder(artifactsName)
	sort.Slice(objects, func(a, b int) bool { return objects[a].key < objects[b].key })
	folders := map[string]bool{}
	for _, one := range objects {
		for index, letter := range one.key {
			if letter == '/' {
				folders[one.key[:index]] = true
			}
		}
	}
	for _, one := range objects {
		at := root
		parts := strings.Split(one.key, "/")
		for _, part := range parts[:len(parts)-1] {
			at = at.sub(nameOf(part, false))
		}
		one.name = nameOf(parts[len(parts)-1], folders[one.key])
		at.children = append(at.children, &file{one.entry, one.open})
	}
	return root
}

// secretsTree is the folder of secret files, which a stack may not have.
func secretsTree() (*folder, []string, error) {
	root := newFolder(secretsName)
	names := []string{}
	found, err := os.ReadDir(secretsFolder)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, nil, err
	}
	for _, one := range found {
		path := filepath.Join(secretsFolder, one.Name())
		// A secret may be a link, as some engines mount them.
		info, err := os.Stat(path)
		if err != nil {
			return nil, nil, err
		}
		if !info.Mode().IsRegular() {
			continue
		}
		names = append(names, one.Name())
		// A stream, because a secret is read each time: two of the same size may come from the same second.
		root.children = append(root.children, newStream(one.Name(), time.Now(), func(context.Context) (io.ReadCloser, error) {
			secret, err := os.Open(path)
			if err != nil {
				return nil, fail(statusFailed, "Let the user of the container read it.", "a secret cannot be read: %s", reason(err))
			}
			return secret, nil
		}))
	}
	return root, names, nil
}
