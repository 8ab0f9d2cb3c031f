package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kopia/kopia/fs"
	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/repo/maintenance"
	"github.com/kopia/kopia/repo/manifest"
	"github.com/kopia/kopia/snapshot"
	"github.com/kopia/kopia/snapshot/policy"
	"github.com/kopia/kopia/snapshot/snapshotmaintenance"
	"github.com/kopia/kopia/snapshot/upload"
)

// Each holds up to 8 MiB of a file, and the store answers slower than a processor hashes.
const parallelFiles = 4

// runReport is BackupRun in lib/contract/backup.ts.
type runReport struct {
	Backup     *backup  `json:"backup"`
	NewObjects int64    `json:"newObjects"`
	NewBytes   int64    `json:"newBytes"`
	Deleted    []string `json:"deleted"`
	Warnings   []string `json:"warnings"`
	Seconds    float64  `json:"seconds"`

	// Number of good backups afterwards, for the state.
	backups int
}

// contents are what a backup is made of. Tests make their own.
type contents struct {
	record  *backup
	root    *folder
	dump    *counting
	counted func() error
}

// run makes a backup.
func run(ctx context.Context, s *settings) (*runReport, error) {
	started := time.Now()
	d, err := openDatabase(ctx, "backup")
	if err != nil {
		return nil, err
	}
	defer d.close()
	b, err := openBucket(s)
	if err != nil {
		return nil, err
	}
	v, err := openVault(ctx, s, creating)
	if err != nil {
		return nil, err
	}
	defer v.close(ctx)
	if _, err := v.requireStack(ctx, s.stack); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	c, err := collect(ctx, s, d, b)
	if err != nil {
		cancel()
		return nil, err
	}
	// The connection serves one query at a time, so the count ends before it is closed.
	defer func() { cancel(); _ = c.counted() }()
	report, err := v.save(ctx, c)
	if err != nil {
		return nil, err
	}
	report.Seconds = time.Since(started).Seconds()
	return report, nil
}

// collect looks at the database and the bucket as of one moment. The dump and the objects are read later.
func collect(ctx context.Context, s *settings, d *database, b *bucket) (*contents, error) {
	m, err := d.begin(ctx)
	if err != nil {
		return nil, err
	}
	progress("the database's snapshot is of %s", m.time.Format(time.RFC3339))
	objects, err := b.objects(ctx, m.time)
	if err != nil {
		return nil, err
	}
	secrets, names, err := secretsTree()
	if err != nil {
		return nil, err
	}
	record := &backup{
		Time: m.time, Stack: s.stack, MLflow: s.mlflow, Revision: m.revision, Postgres: d.postgres, Schema: d.schema, Secrets: names,
	}
	for _, one := range objects {
		record.Objects++
		record.Bytes += one.size
	}
	progress("%d objects, %d bytes", record.Objects, record.Bytes)

	c := &contents{record: record, root: newFolder("mlflow"), dump: &counting{}}
	c.counted = sync.OnceValue(func() error {
		var err error
		record.Rows, err = d.rows(ctx)
		return err
	})
	// While pg_dump and kopia work, this connection counts. Its transaction must not end before pg_dump's begins.
	go func() { _ = c.counted() }()
	c.root.children = []fs.Entry{
		newStream(dumpName, m.time, func(context.Context) (io.ReadCloser, error) {
			reader, err := d.dump(ctx, m)
			c.dump.ReadCloser = reader
			return c.dump, err
		}),
		artifactsFolder(objects),
		secrets,
		newStream(manifestName, m.time, func(context.Context) (io.ReadCloser, error) {
			if err := c.counted(); err != nil {
				return nil, err
			}
			text, err := json.MarshalIndent(record, "", "  ")
			return io.NopCloser(bytes.NewReader(text)), err
		}),
	}
	return c, nil
}

// counting counts the bytes of a stream.
type counting struct {
	io.ReadCloser
	bytes atomic.Int64
}

func (c *counting) Read(into []byte) (int, error) {
	n, err := c.ReadCloser.Read(into)
	c.bytes.Add(int64(n))
	return n, err
}

// watching tells kopia's progress, and stops at the first error. Kopia alone would go on with the next file.
type watching struct {
	upload.CountingUploadProgress
	cancel   func()
	vanished atomic.Int64
	mutex    sync.Mutex
	err      error
	told     time.Time
	files    int64
	read     atomic.Int64
	bytes    atomic.Int64
}

func (w *watching) FinishedHashingFile(path string, bytes int64) {
	w.CountingUploadProgress.FinishedHashingFile(path, bytes)
	if strings.HasPrefix(path, artifactsName+"/") {
		w.read.Add(1)
		w.bytes.Add(bytes)
	}
}

func (w *watching) Error(path string, err error, ignored bool) {
	if errors.Is(err, errVanished) {
		w.vanished.Add(1)
		return
	}
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if w.err == nil && !ignored {
		w.err = err
		w.cancel()
	}
}

func (w *watching) FinishedFile(path string, err error) {
	w.CountingUploadProgress.FinishedFile(path, err)
	w.mutex.Lock()
	defer w.mutex.Unlock()
	if time.Since(w.told) > 5*time.Second {
		w.told = time.Now()
		counters := w.Snapshot()
		progress("%d of %d files, %d bytes read", counters.TotalCachedFiles+counters.TotalHashedFiles, w.files, counters.TotalHashedBytes)
	}
}

// save writes a backup into the repository, and makes it visible as the last step.
func (v *vault) save(ctx context.Context, c *contents) (*runReport, error) {
	// Kopia writes on after an interruption, so that the next run continues there.
	kept := context.WithoutCancel(ctx)
	wctx, w, err := v.rep.NewWriter(kept, repo.WriteSessionOptions{Purpose: "backup"})
	if err != nil {
		return nil, targetFailure(v.settings.target, err)
	}
	defer w.Close(kept)

	source := v.source(v.settings.stack)
	previous, err := snapshot.FindPreviousManifests(wctx, w, source, nil)
	if err != nil {
		return nil, targetFailure(v.settings.target, err)
	}
	uploader := upload.NewUploader(w)
	watch := &watching{cancel: uploader.Cancel, files: c.record.Objects, told: time.Now()}
	uploader.Progress = watch
	uploader.ParallelUploads = parallelFiles
	uploader.EnableActions = false
	// An artifact may be called .kopiaignore.
	uploader.DisableIgnoreRules = true
	stop := context.AfterFunc(ctx, uploader.Cancel)
	defer stop()
	made, err := uploader.Upload(wctx, c.root, policyTree(), source, previous...)
	if watch.err != nil {
		err = watch.err
	}
	if err == nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	if err == nil && made.IncompleteReason != "" {
		err = errors.New("the upload ended early: " + made.IncompleteReason)
	}
	if err != nil {
		if isTargetError(err) {
			return nil, targetFailure(v.settings.target, err)
		}
		if made != nil && made.RootEntry != nil {
			made.IncompleteReason = upload.IncompleteReasonCanceled
			if _, failed := snapshot.SaveSnapshot(wctx, w, made); failed == nil {
				_ = w.Flush(wctx)
			}
		}
		return nil, err
	}
	return v.finish(ctx, wctx, w, c, made, watch)
}

// finish describes the backup that was sent, makes it visible, and deletes what is no longer wanted.
func (v *vault) finish(ctx, wctx context.Context, w repo.RepositoryWriter, c *contents, made *snapshot.Manifest, watch *watching) (*runReport, error) {
	record := c.record
	record.DatabaseBytes = c.dump.bytes.Load()
	record.Vanished = watch.vanished.Load()
	record.Objects -= record.Vanished
	description, err := json.Marshal(record)
	if err != nil {
		return nil, err
	}
	made.Description = string(description)
	before, err := v.backups(wctx, record.Stack)
	if err != nil {
		return nil, targetFailure(v.settings.target, err)
	}
	known, err := v.requireStack(wctx, record.Stack)
	if err == nil && !known {
		err = addStack(wctx, w, record.Stack)
	}
	if err != nil {
		return nil, targetFailure(v.settings.target, err)
	}
	id, err := snapshot.SaveSnapshot(wctx, w, made)
	if err == nil {
		err = w.Flush(wctx)
	}
	if err != nil {
		return nil, targetFailure(v.settings.target, err)
	}
	record.ID, record.snapshot = string(id), made

	report := &runReport{
		Backup: record, Deleted: []string{}, Warnings: []string{}, backups: len(before) + 1,
		NewObjects: watch.read.Load() - record.Vanished,
		NewBytes:   watch.bytes.Load(),
	}
	if record.Vanished > 0 {
		report.Warnings = append(report.Warnings, strconv.FormatInt(record.Vanished, 10)+
			" objects were deleted while the backup read the bucket. Versions of the bucket would have kept them.")
	}
	all := append([]*backup{record}, before...)
	if clockWasSetBack(all, record.Time) {
		report.Warnings = append(report.Warnings, "There are backups from the future: the clock was set back. Nothing is deleted until it has passed them.")
	}
	if ctx.Err() == nil {
		if err := v.clean(wctx, w, all, report); err != nil {
			report.Warnings = append(report.Warnings, "Old backups could not be deleted: "+reason(err))
		}
	}
	return report, nil
}

// clean deletes old backups, unfinished ones, and data that no backup needs. The new backup is good without it.
func (v *vault) clean(ctx context.Context, w repo.RepositoryWriter, all []*backup, report *runReport) error {
	record := all[0]
	for _, one := range v.settings.keep.expired(all, record.ID, record.Time) {
		if err := w.DeleteManifest(ctx, manifest.ID(one.ID)); err != nil {
			return err
		}
		report.Deleted = append(report.Deleted, one.ID)
		report.backups--
	}
	manifests, err := snapshot.ListSnapshots(ctx, w, v.source(record.Stack))
	if err != nil {
		return err
	}
	for _, one := range manifests {
		if one.IncompleteReason != "" {
			if err := w.DeleteManifest(ctx, one.ID); err != nil {
				return err
			}
		}
	}
	if err := w.Flush(ctx); err != nil {
		return err
	}
	return v.maintain(ctx)
}

const (
	quickMaintenance = time.Hour
	fullMaintenance  = 7 * 24 * time.Hour
)

// maintain compacts indexes, and once a week removes data that no backup needs. Kopia's safe delays are in force.
func (v *vault) maintain(ctx context.Context) error {
	return repo.DirectWriteSession(ctx, v.rep, repo.WriteSessionOptions{Purpose: "maintenance"},
		func(ctx context.Context, w repo.DirectRepositoryWriter) error {
			wanted := maintenance.DefaultParams()
			wanted.Owner = v.rep.ClientOptions().UsernameAtHost()
			wanted.QuickCycle = maintenance.CycleParams{Enabled: true, Interval: quickMaintenance}
			wanted.FullCycle = maintenance.CycleParams{Enabled: true, Interval: fullMaintenance}
			found, err := maintenance.GetParams(ctx, w)
			if err != nil {
				return err
			}
			if exists, err := maintenance.HasParams(ctx, w); err != nil {
				return err
			} else if !exists {
				if err := maintenance.SetParams(ctx, w, &wanted); err != nil {
					return err
				}
			} else if found.Owner != wanted.Owner {
				// Another stack writes here too, or wrote here before: one of them cleans up.
				if live, err := v.isLive(ctx, found.Owner); err != nil || live {
					return err
				}
				if err := maintenance.SetParams(ctx, w, &wanted); err != nil {
					return err
				}
			}
			return snapshotmaintenance.Run(ctx, w, maintenance.ModeAuto, false, maintenance.SafetyFull)
		})
}

// A stack that has made no backup for a month no longer cleans up.
const liveness = 30 * 24 * time.Hour

func (v *vault) isLive(ctx context.Context, owner string) (bool, error) {
	names, err := v.stacks(ctx)
	if err != nil {
		return false, err
	}
	for _, name := range names {
		if owner != sourceUser+"@"+name {
			continue
		}
		backups, err := v.backups(ctx, name)
		if err != nil {
			return false, err
		}
		return len(backups) > 0 && time.Since(backups[0].Time) < liveness, nil
	}
	return false, nil
}

// policyTree is kopia's policy: compression, and files in one piece.
func policyTree() *policy.Tree {
	own := *policy.DefaultPolicy
	own.CompressionPolicy.CompressorName = "zstd-fastest"
	large := policy.OptionalInt64(1 << 62)
	own.UploadPolicy.ParallelUploadAboveSize = &large
	return policy.BuildTree(map[string]*policy.Policy{".": &own}, policy.DefaultPolicy)
}
