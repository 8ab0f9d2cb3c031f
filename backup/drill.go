package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/kopia/kopia/fs"
)

// drillReport is BackupDrill in lib/contract/backup.ts.
type drillReport struct {
	Backup             *backup  `json:"backup"`
	Rows               int64    `json:"rows"`
	Objects            int64    `json:"objects"`
	Bytes              int64    `json:"bytes"`
	Differences        []string `json:"differences"`
	ModelsWithoutFiles []string `json:"modelsWithoutFiles"`
	Unreadable         []string `json:"unreadable"`
	Seconds            float64  `json:"seconds"`
}

func doDrill(ctx context.Context, s *settings, given options) (any, error) {
	report, err := drill(ctx, s, given.stack, given.at)
	if errors.Is(err, errNoVault) {
		err = noBackup()
	}
	if err != nil {
		return nil, err
	}
	progress("the backup %s was restored beside the stack: %d rows, %d objects, %d bytes, all compared; %.1f s",
		report.Backup.ID, report.Rows, report.Objects, report.Bytes, report.Seconds)
	for _, one := range report.Differences {
		progress("different: %s", one)
	}
	if len(report.Differences) > 0 {
		return report, fail(statusDamaged, "Find out what is damaged: mlflow-stack backup check.",
			"the backup %s is not as it was written: %d differences", report.Backup.ID, len(report.Differences))
	}
	return report, nil
}

// drill restores a backup into a PostgreSQL of its own, which has a socket only, and reads all objects. The stack's
// database and bucket are not touched, so nobody has to stop.
func drill(ctx context.Context, s *settings, stack, at string) (*drillReport, error) {
	started := time.Now()
	v, backups, err := openBackups(ctx, s, thorough, stack)
	if err != nil {
		return nil, err
	}
	defer v.close(ctx)
	one, err := find(backups, at)
	if err != nil {
		return nil, err
	}
	root, err := v.root(one)
	if err != nil {
		return nil, err
	}
	server, err := startServer(ctx)
	if err != nil {
		return nil, err
	}
	defer server.remove()

	report := &drillReport{Backup: one, Differences: []string{}, ModelsWithoutFiles: []string{}}
	progress("the database of %s is restored", one.Time.Format(time.RFC3339))
	d, err := server.restore(ctx, one, root)
	if err != nil {
		return nil, asDamage(s.target, one, err)
	}
	defer d.close()
	if err := compareRows(ctx, d, one, report); err != nil {
		return nil, err
	}
	keys, err := readObjects(ctx, v, one, root, report)
	if err != nil {
		return nil, asDamage(s.target, one, err)
	}
	if report.ModelsWithoutFiles, err = modelsWithoutFiles(ctx, d, keys); err != nil {
		return nil, err
	}
	keysThen, err := keysOf(ctx, root)
	if err != nil {
		return nil, asDamage(s.target, one, err)
	}
	if report.Unreadable, err = unreadable(d.ask(ctx), d.schema, keysThen); err != nil {
		return nil, err
	}
	report.Seconds = time.Since(started).Seconds()
	return report, nil
}

// server is a PostgreSQL of the drill.
type server struct {
	folder string
	tool   *tool
	ended  chan error
}

const (
	drillPrefix = "drill-"
	drillUser   = "drill"
)

// startServer starts a PostgreSQL without network. Its data needs no protection against a crash.
func startServer(ctx context.Context) (*server, error) {
	// What a killed drill has left.
	left, _ := filepath.Glob(stateFile(drillPrefix + "*"))
	for _, folder := range left {
		if !holds(folder) {
			_ = os.RemoveAll(folder)
		}
	}
	if err := os.MkdirAll(stateFolder, 0o700); err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp(stateFolder, drillPrefix)
	if err != nil {
		return nil, err
	}
	s := &server{folder: folder, ended: make(chan error, 1)}
	data := filepath.Join(folder, "data")
	initialize := newTool(ctx, "initdb", "--pgdata="+data, "--username="+drillUser, "--auth=trust", "--encoding=UTF8", "--no-sync", "--no-instructions")
	if err := initialize.failure(initialize.Run()); err != nil {
		s.remove()
		return nil, err
	}
	// Not bound to ctx: the server is stopped after the clients have left.
	s.tool = newTool(context.WithoutCancel(ctx), "postgres", "-D", data, "-k", folder,
		"-c", "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off",
		"-c", "wal_level=minimal", "-c", "max_wal_senders=0", "-c", "autovacuum=off", "-c", "dynamic_shared_memory_type=mmap",
		"-c", "shared_buffers=32MB", "-c", "max_connections=10")
	// A killed drill must not leave it running.
	s.tool.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGQUIT}
	if err := s.tool.Start(); err != nil {
		s.remove()
		return nil, s.tool.failure(err)
	}
	go func() { s.ended <- s.tool.Wait() }()
	if err := s.wait(ctx); err != nil {
		s.remove()
		return nil, err
	}
	return s, nil
}

// holds tells whether a server runs on a folder: of a drill that runs now.
func holds(folder string) bool {
	var pid int
	text, err := os.ReadFile(filepath.Join(folder, "data", "postmaster.pid"))
	if err != nil {
		return false
	}
	if _, err := fmt.Sscan(string(text), &pid); err != nil {
		return false
	}
	words, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return err == nil && strings.Contains(string(words), folder)
}

func (s *server) address(database string) string {
	return "host=" + s.folder + " user=" + drillUser + " dbname=" + database
}

func (s *server) wait(ctx context.Context) error {
	for {
		connection, err := pgx.Connect(ctx, s.address("postgres"))
		if err == nil {
			return connection.Close(ctx)
		}
		select {
		case ended := <-s.ended:
			s.ended <- ended
			return s.tool.failure(errors.Join(errors.New("PostgreSQL ended"), ended))
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (s *server) restore(ctx context.Context, one *backup, root fs.Directory) (*database, error) {
	if one.Schema != "public" {
		create := newTool(ctx, "psql", "--no-psqlrc", "--quiet", "--dbname="+s.address("postgres"),
			"--command=create schema "+pgx.Identifier{one.Schema}.Sanitize())
		if err := create.failure(create.Run()); err != nil {
			return nil, err
		}
	}
	reader, err := openFile(ctx, root, dumpName)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	remembered := &remembering{reader: reader}
	err = restore(ctx, s.address("postgres"), one.Schema, 18, remembered, nil)
	if remembered.err != nil {
		return nil, damaged{dumpName, remembered.err}
	}
	if err != nil {
		return nil, err
	}
	d, err := connect(ctx, s.address("postgres"))
	if err == nil {
		d.schema = one.Schema
	}
	return d, err
}

// remove stops the server and deletes all that it wrote.
func (s *server) remove() {
	if s.tool != nil && s.tool.Process != nil {
		_ = s.tool.Process.Signal(syscall.SIGQUIT)
		select {
		case <-s.ended:
		case <-time.After(10 * time.Second):
			_ = s.tool.Process.Kill()
			<-s.ended
		}
	}
	_ = os.RemoveAll(s.folder)
}

func compareRows(ctx context.Context, d *database, one *backup, report *drillReport) error {
	rows, err := d.rows(ctx)
	if err != nil {
		return err
	}
	names := map[string]bool{}
	for table := range rows {
		names[table] = true
	}
	for table := range one.Rows {
		names[table] = true
	}
	for table := range names {
		found, there := rows[table]
		wanted, known := one.Rows[table]
		report.Rows += found
		switch {
		case !there:
			report.Differences = append(report.Differences, "the table "+table+" is missing")
		case !known:
			report.Differences = append(report.Differences, "the table "+table+" is not in the manifest")
		case found != wanted:
			report.Differences = append(report.Differences, fmt.Sprintf("the table %s has %d rows in place of %d", table, found, wanted))
		}
	}
	revision, err := d.revision(ctx)
	if err != nil {
		return err
	}
	if revision != one.Revision {
		report.Differences = append(report.Differences, "the schema has the revision "+revision+" in place of "+one.Revision)
	}
	sort.Strings(report.Differences)
	return nil
}

// readObjects reads every object of a backup. Kopia compares each with its hash.
func readObjects(ctx context.Context, v *vault, one *backup, root fs.Directory, report *drillReport) ([]string, error) {
	entry, err := root.Child(ctx, artifactsName)
	if err != nil {
		return nil, damaged{artifactsName, err}
	}
	artifacts := entry.(fs.Directory)
	var keys []string
	var bytes int64
	err = eachObject(ctx, artifacts, "", func(key string, file fs.File) error {
		keys = append(keys, key)
		bytes += file.Size()
		return nil
	})
	if err != nil {
		return nil, err
	}
	reader := newContentReader(v)
	reader.folder(ctx, artifacts)
	reader.wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if reader.unreachable != nil {
		return nil, targetFailure(v.settings.target, reader.unreachable)
	}
	for _, bad := range reader.damageOf(ctx, one, artifacts) {
		report.Differences = append(report.Differences, "the object "+bad.Path+" is damaged: "+bad.Reason)
	}
	report.Objects, report.Bytes = int64(len(keys)), bytes
	if report.Objects != one.Objects {
		report.Differences = append(report.Differences, fmt.Sprintf("there are %d objects in place of %d", report.Objects, one.Objects))
	}
	return keys, nil
}

// The server keeps its files at these addresses, which have no host.
const proxied = "mlflow-artifacts:/"

// modelsWithoutFiles are logged models that are ready and have no object. Someone may have deleted the files, or the
// model was made by calls of the API without any: so they are told, and are no difference.
func modelsWithoutFiles(ctx context.Context, d *database, keys []string) ([]string, error) {
	var exists bool
	table := pgx.Identifier{d.schema, "logged_models"}.Sanitize()
	if err := d.connection.QueryRow(ctx, "select to_regclass($1) is not null", table).Scan(&exists); err != nil || !exists {
		return []string{}, err
	}
	// 2 is LoggedModelStatus.READY.
	rows, err := d.connection.Query(ctx, "select model_id, artifact_location from "+table+
		" where status = 2 and lifecycle_stage = 'active' and starts_with(artifact_location, $1)", proxied)
	if err != nil {
		return nil, databaseFailure(err)
	}
	result := []string{}
	var id, location string
	_, err = pgx.ForEachRow(rows, []any{&id, &location}, func() error {
		prefix := strings.Trim(strings.TrimPrefix(location, proxied), "/") + "/"
		index := sort.SearchStrings(keys, prefix)
		if index == len(keys) || !strings.HasPrefix(keys[index], prefix) {
			result = append(result, id)
		}
		return nil
	})
	return result, err
}
