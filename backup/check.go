package main

import (
	"context"
	"io"
	"path"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kopia/kopia/fs"
	kopia "github.com/kopia/kopia/repo/object"
)

// checkReport is BackupCheck in lib/contract/backup.ts.
type checkReport struct {
	Backups int      `json:"backups"`
	Objects int64    `json:"objects"`
	Bytes   int64    `json:"bytes"`
	Seconds float64  `json:"seconds"`
	Damaged []damage `json:"damaged"`
}

// damage is a file of a backup that cannot be read as it was written.
type damage struct {
	Backup string    `json:"backup"`
	Time   time.Time `json:"time"`
	Path   string    `json:"path"`
	Reason string    `json:"reason"`
}

// check reads every byte of every backup. Kopia compares each with its hash.
func check(ctx context.Context, s *settings, stack string) (*checkReport, error) {
	started := time.Now()
	v, backups, err := openBackups(ctx, s, thorough, stack)
	if err != nil {
		return nil, err
	}
	defer v.close(ctx)
	if len(backups) == 0 {
		return nil, noBackup()
	}
	report := &checkReport{Backups: len(backups), Damaged: []damage{}}
	reader := newContentReader(v)
	for index, one := range backups {
		progress("backup %d of %d, of %s", index+1, len(backups), one.Time.Format(time.RFC3339))
		root, err := v.root(one)
		if err != nil {
			return nil, err
		}
		reader.folder(ctx, root)
	}
	reader.wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := reader.unreachable; err != nil {
		return nil, targetFailure(s.target, err)
	}
	report.Objects, report.Bytes = reader.files.Load(), reader.bytes.Load()
	for _, one := range backups {
		root, err := v.root(one)
		if err != nil {
			return nil, err
		}
		report.Damaged = append(report.Damaged, reader.damageOf(ctx, one, root)...)
	}
	report.Seconds = time.Since(started).Seconds()
	return report, nil
}

func noBackup() error {
	return fail(statusNoBackup, "Make one: mlflow-stack backup.", "the target has no backup of this stack")
}

// openBackups opens the repository to read backups of a stack.
func openBackups(ctx context.Context, s *settings, how opening, stack string) (*vault, []*backup, error) {
	v, err := openVault(ctx, s, how)
	if err != nil {
		return nil, nil, err
	}
	if _, err := v.requireStack(ctx, stack); err != nil {
		v.close(ctx)
		return nil, nil, err
	}
	backups, err := v.backups(ctx, stack)
	if err != nil {
		v.close(ctx)
		return nil, nil, targetFailure(s.target, err)
	}
	return v, backups, nil
}

// contentReader reads files and folders of backups, each content once.
type contentReader struct {
	vault       *vault
	slots       chan struct{}
	running     sync.WaitGroup
	files       atomic.Int64
	bytes       atomic.Int64
	mutex       sync.Mutex
	seen        map[kopia.ID]bool
	bad         map[kopia.ID]string
	unreachable error
	told        time.Time
}

func newContentReader(v *vault) *contentReader {
	return &contentReader{
		vault: v, slots: make(chan struct{}, parallelFiles), seen: map[kopia.ID]bool{}, bad: map[kopia.ID]string{}, told: time.Now(),
	}
}

func idOf(entry fs.Entry) kopia.ID {
	if known, ok := entry.(kopia.HasObjectID); ok {
		return known.ObjectID()
	}
	return kopia.EmptyID
}

func (r *contentReader) isNew(id kopia.ID) bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.seen[id] {
		return false
	}
	r.seen[id] = true
	return true
}

func (r *contentReader) failed(id kopia.ID, err error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if isTargetError(err) {
		r.unreachable = err
		return
	}
	r.bad[id] = reason(err)
}

func (r *contentReader) folder(ctx context.Context, folder fs.Directory) {
	if ctx.Err() != nil || !r.isNew(idOf(folder)) {
		return
	}
	err := fs.IterateEntries(ctx, folder, func(ctx context.Context, entry fs.Entry) error {
		switch one := entry.(type) {
		case fs.Directory:
			r.folder(ctx, one)
		case fs.File:
			r.file(ctx, one)
		}
		return nil
	})
	if err != nil {
		r.failed(idOf(folder), err)
	}
}

func (r *contentReader) file(ctx context.Context, one fs.File) {
	id := idOf(one)
	if ctx.Err() != nil || !r.isNew(id) {
		return
	}
	r.slots <- struct{}{}
	r.running.Add(1)
	go func() {
		defer func() { <-r.slots; r.running.Done() }()
		n, err := readAll(ctx, one)
		r.files.Add(1)
		r.bytes.Add(n)
		if err != nil {
			r.failed(id, err)
		}
		r.tell()
	}()
}

func (r *contentReader) tell() {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if time.Since(r.told) > 5*time.Second {
		r.told = time.Now()
		progress("%d files, %d bytes read", r.files.Load(), r.bytes.Load())
	}
}

func (r *contentReader) wait() { r.running.Wait() }

func readAll(ctx context.Context, one fs.File) (int64, error) {
	reader, err := one.Open(ctx)
	if err != nil {
		return 0, err
	}
	defer reader.Close()
	n, err := io.Copy(io.Discard, reader)
	if err == nil && n != one.Size() {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// damageOf names the files of a backup whose content is bad.
func (r *contentReader) damageOf(ctx context.Context, one *backup, root fs.Directory) []damage {
	if len(r.bad) == 0 {
		return nil
	}
	var result []damage
	var walk func(fs.Directory, string)
	walk = func(folder fs.Directory, at string) {
		err := fs.IterateEntries(ctx, folder, func(_ context.Context, entry fs.Entry) error {
			name := path.Join(at, entry.Name())
			if sub, ok := entry.(fs.Directory); ok {
				walk(sub, name)
			} else if why, bad := r.bad[idOf(entry)]; bad {
				result = append(result, damage{one.ID, one.Time, name, why})
			}
			return nil
		})
		if err != nil {
			result = append(result, damage{one.ID, one.Time, at + "/", reason(err)})
		}
	}
	walk(root, "")
	sort.Slice(result, func(a, b int) bool { return result[a].Path < result[b].Path })
	return result
}
