package main

import (
	"context"
	"sort"
	"testing"

	"github.com/kopia/kopia/fs"
)

func TestEveryKeyComesBack(t *testing.T) {
	keys := []string{
		"0/run/artifacts/model/MLmodel", "a", "a/b", "a/", "a//b", "/", "//", ".", "..", "../../etc/passwd", "a/./b", "a/../b",
		"100%", "100%25", "%2E", "%", "%%", "%/x", "a%", ".kopiaignore", "ü/ß", "a b/c\td", "x/%/y%", "#mlflow/x",
	}
	var objects []*object
	for _, key := range keys {
		objects = append(objects, &object{key: key, entry: entry{size: int64(len(key))}})
	}
	root := artifactsFolder(objects)
	var back []string
	var walk func(fs.Directory, string)
	walk = func(folder fs.Directory, at string) {
		names := map[string]bool{}
		err := fs.IterateEntries(context.Background(), folder, func(_ context.Context, one fs.Entry) error {
			name := one.Name()
			if name == "" || name == "." || name == ".." || names[name] {
				t.Errorf("the name %q in %q", name, at)
			}
			names[name] = true
			if sub, ok := one.(fs.Directory); ok {
				walk(sub, at+partOf(name)+"/")
				return nil
			}
			back = append(back, at+partOf(name))
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}
	walk(root, "")
	sort.Strings(keys)
	sort.Strings(back)
	if len(back) != len(keys) {
		t.Fatalf("%d of %d keys", len(back), len(keys))
	}
	for index, key := range keys {
		if back[index] != key {
			t.Errorf("%q came back as %q", key, back[index])
		}
	}
}
