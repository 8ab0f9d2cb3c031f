package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/kopia/kopia/fs"
	"github.com/kopia/kopia/repo"
	"github.com/kopia/kopia/repo/blob"
	"github.com/kopia/kopia/repo/content"
	"github.com/kopia/kopia/repo/format"
	"github.com/kopia/kopia/snapshot"
	"github.com/kopia/kopia/snapshot/policy"
	"github.com/kopia/kopia/snapshot/snapshotfs"
)

const (
	sourceUser = "mlflow"
	sourcePath = "/mlflow"
	// Label of a manifest that names a stack that may write here.
	stackManifest = "mlflow-stack"
	cacheBytes    = 256 << 20
)

// backup is a good backup: BackupRecord in lib/contract/backup.ts. It is also the manifest in the backup itself.
type backup struct {
	ID            string           `json:"id"`
	Time          time.Time        `json:"time"`
	Stack         string           `json:"stack"`
	MLflow        string           `json:"mlflow"`
	Revision      string           `json:"revision"`
	Postgres      int              `json:"postgres"`
	Schema        string           `json:"schema"`
	Rows          map[string]int64 `json:"rows"`
	Objects       int64            `json:"objects"`
	Bytes         int64            `json:"bytes"`
	DatabaseBytes int64            `json:"databaseBytes"`
	Vanished      int64            `json:"vanished"`
	Secrets       []string         `json:"secrets"`

	snapshot *snapshot.Manifest
}

// vault is the opened repository of the target.
type vault struct {
	settings *settings
	rep      repo.DirectRepository
	folder   string
	identity string
}

type opening int

const (
	// Reads what is there.
	readOnly opening = iota
	// Creates the repository if there is none.
	creating
	// Reads every byte from the target, and none from the cache.
	thorough
)

var errNoVault = errors.New("no repository")

// openVault opens the repository. It returns errNoVault if the target has none and nothing is to be written.
func openVault(ctx context.Context, s *settings, how opening) (*vault, error) {
	storage, err := openTarget(ctx, s)
	if err != nil {
		return nil, err
	}
	defer storage.Close(context.WithoutCancel(ctx))
	identity, err := vaultIdentity(ctx, storage)
	if how == creating && (err == nil || errors.Is(err, errNoVault)) {
		address, _ := url.Parse(s.target)
		if err := probe(ctx, storage, address); err != nil {
			return nil, targetFailure(s.target, err)
		}
	}
	if errors.Is(err, errNoVault) && how == creating {
		if err = createVault(ctx, s, storage); err == nil {
			identity, err = vaultIdentity(ctx, storage)
		}
	}
	if errors.Is(err, errNoVault) {
		return nil, errNoVault
	}
	if err != nil {
		return nil, targetFailure(s.target, err)
	}

	// The file has the keys of the target, so it is kept in memory.
	sweep()
	folder, err := os.MkdirTemp(memoryFolder(), folderPrefix+strconv.Itoa(os.Getpid())+"-")
	if err != nil {
		return nil, err
	}
	v := &vault{settings: s, folder: folder, identity: identity}
	file, err := v.configure(ctx, storage, how)
	var opened repo.Repository
	if err == nil {
		opened, err = repo.Open(ctx, file, s.passphrase, &repo.Options{OnFatalError: func(error) {}, DisableRepositoryLog: true})
	}
	if err != nil {
		v.close(ctx)
		if errors.Is(err, repo.ErrInvalidPassword) {
			return nil, wrongPassphrase()
		}
		if damage := damagedIndex(err); damage != nil {
			return nil, damage
		}
		return nil, targetFailure(s.target, err)
	}
	v.rep = opened.(repo.DirectRepository)
	return v, nil
}

// configure writes kopia's configuration. Kopia's own function for it would derive the key once more, for half a second.
func (v *vault) configure(ctx context.Context, storage blob.Storage, how opening) (string, error) {
	connection := storage.ConnectionInfo()
	configuration := repo.LocalConfig{
		Storage: &connection,
		Caching: &content.CachingOptions{},
		ClientOptions: repo.ClientOptions{
			Hostname: v.settings.stack, Username: sourceUser, ReadOnly: how == readOnly,
		}.ApplyDefaults(ctx, program),
	}
	if how != thorough {
		configuration.Caching = &content.CachingOptions{
			CacheDirectory:         filepath.Join(stateFolder, "cache", v.identity),
			ContentCacheSizeBytes:  cacheBytes,
			MetadataCacheSizeBytes: cacheBytes,
		}
	}
	text, err := json.Marshal(configuration)
	if err != nil {
		return "", err
	}
	file := filepath.Join(v.folder, "repository.config")
	return file, os.WriteFile(file, text, 0o600)
}

const folderPrefix = program + "-"

// sweep removes configurations of processes that were killed.
func sweep() {
	left, _ := filepath.Glob(filepath.Join(memoryFolder(), folderPrefix+"*"))
	for _, folder := range left {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(folder), folderPrefix), "-")
		if _, err := os.Stat(filepath.Join("/proc", pid)); errors.Is(err, os.ErrNotExist) {
			_ = os.RemoveAll(folder)
		}
	}
}

func memoryFolder() string {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		return "/dev/shm"
	}
	return os.TempDir()
}

// vaultIdentity reads the first file of the repository, which no cache may answer for.
func vaultIdentity(ctx context.Context, storage blob.Storage) (string, error) {
	var found buffer
	err := storage.GetBlob(ctx, format.KopiaRepositoryBlobID, 0, -1, &found)
	if errors.Is(err, blob.ErrBlobNotFound) {
		// A bucket that does not exist has no such object either. It can be listed only if it is there.
		if err := storage.ListBlobs(ctx, format.KopiaRepositoryBlobID, func(blob.Metadata) error { return nil }); err != nil {
			return "", err
		}
		return "", errNoVault
	}
	if err != nil {
		return "", err
	}
	known, err := format.ParseKopiaRepositoryJSON(found.Bytes())
	if err != nil {
		return "", fail(statusDamaged, "Take the file kopia.repository from a copy of the target.",
			"the file kopia.repository of the target is damaged: %s", reason(err))
	}
	return hex16(known.UniqueID), nil
}

type buffer struct{ bytes.Buffer }

func (b *buffer) Length() int { return b.Len() }

func createVault(ctx context.Context, s *settings, storage blob.Storage) error {
	for _, prefix := range []blob.ID{"p", "q", "x"} {
		err := storage.ListBlobs(ctx, prefix, func(blob.Metadata) error {
			return fail(statusDamaged, "Take the file kopia.repository from a copy of the target, or use an empty target.",
				"the target has data of backups, but not the file kopia.repository that opens them")
		})
		if err != nil {
			return err
		}
	}
	err := repo.Initialize(ctx, storage, &repo.NewRepositoryOptions{}, s.passphrase)
	if errors.Is(err, repo.ErrAlreadyInitialized) {
		return nil
	}
	return err
}

// damagedIndex names the file of the target that cannot be decrypted.
func damagedIndex(err error) error {
	text := err.Error()
	for _, word := range []string{"decrypt", "corrupt", "invalid checksum", "unexpected EOF", "malformed", "invalid index"} {
		if strings.Contains(text, word) {
			return fail(statusDamaged, "Take this file from a copy of the target. Every backup needs it.",
				"an index of the target is damaged: %s", reason(err))
		}
	}
	return nil
}

func (v *vault) close(ctx context.Context) {
	if v.rep != nil {
		_ = v.rep.Close(context.WithoutCancel(ctx))
	}
	_ = os.RemoveAll(v.folder)
}

func (v *vault) source(stack string) snapshot.SourceInfo {
	return snapshot.SourceInfo{Host: stack, UserName: sourceUser, Path: sourcePath}
}

// backups are the good backups of a stack, the newest first. Those that were not finished are not among them.
func (v *vault) backups(ctx context.Context, stack string) ([]*backup, error) {
	manifests, err := snapshot.ListSnapshots(ctx, v.rep, v.source(stack))
	if err != nil {
		return nil, err
	}
	result := []*backup{}
	for _, manifest := range manifests {
		if manifest.IncompleteReason != "" {
			continue
		}
		one := &backup{}
		if json.Unmarshal([]byte(manifest.Description), one) != nil {
			// Somebody made it with kopia itself.
			continue
		}
		one.ID, one.snapshot = string(manifest.ID), manifest
		result = append(result, one)
	}
	sort.SliceStable(result, func(a, b int) bool { return result[a].Time.After(result[b].Time) })
	return result, nil
}

// stacks are the names of the stacks that may write here.
func (v *vault) stacks(ctx context.Context) ([]string, error) {
	found, err := v.rep.FindManifests(ctx, map[string]string{"type": stackManifest})
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, one := range found {
		names = append(names, one.Labels["stack"])
	}
	sort.Strings(names)
	return names, nil
}

// requireStack refuses a target of other stacks only. It returns whether the target knows this one.
func (v *vault) requireStack(ctx context.Context, stack string) (known bool, err error) {
	names, err := v.stacks(ctx)
	if err != nil {
		return false, err
	}
	for _, name := range names {
		if name == stack {
			return true, nil
		}
	}
	if len(names) > 0 {
		return false, fail(statusOtherStack,
			"Use a target or a prefix of its own. To read backups of another stack: --stack "+names[0]+".",
			"the target has backups of %s, and none of %s", strings.Join(names, ", "), stack)
	}
	return false, nil
}

func addStack(ctx context.Context, w repo.RepositoryWriter, stack string) error {
	// Kopia applies its own policy while a long backup runs, and BACKUP_KEEP is not that: this one keeps everything.
	none := policy.OptionalInt(0)
	err := policy.SetPolicy(ctx, w, snapshot.SourceInfo{Host: stack, UserName: sourceUser, Path: sourcePath}, &policy.Policy{
		RetentionPolicy: policy.RetentionPolicy{
			KeepLatest: &none, KeepHourly: &none, KeepDaily: &none, KeepWeekly: &none, KeepMonthly: &none, KeepAnnual: &none,
		},
	})
	if err != nil {
		return err
	}
	_, err = w.PutManifest(ctx, map[string]string{"type": stackManifest, "stack": stack}, map[string]string{"stack": stack})
	return err
}

// find returns the backup of an id, or the newest that is not younger than a time, or the newest of all.
func find(backups []*backup, at string) (*backup, error) {
	if len(backups) == 0 {
		return nil, fail(statusNoBackup, "Make one: mlflow-stack backup.", "the target has no backup of this stack")
	}
	if at == "" {
		return backups[0], nil
	}
	for _, one := range backups {
		if one.ID == at {
			return one, nil
		}
	}
	moment, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return nil, fail(statusNoBackup, "The ids and times of all backups: mlflow-stack backup list.",
			"there is no backup with the id %q, and it is no time such as 2026-11-30T15:04:05Z", at)
	}
	for _, one := range backups {
		if !one.Time.After(moment) {
			return one, nil
		}
	}
	return nil, fail(statusNoBackup, "The ids and times of all backups: mlflow-stack backup list.",
		"no backup is as old as %s; the oldest is of %s", at, backups[len(backups)-1].Time.Format(time.RFC3339))
}

// root is the folder of a backup.
func (v *vault) root(one *backup) (fs.Directory, error) {
	entry, err := snapshotfs.SnapshotRoot(v.rep, one.snapshot)
	if err != nil {
		return nil, err
	}
	return entry.(fs.Directory), nil
}
