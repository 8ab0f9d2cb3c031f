package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/kopia/kopia/fs"
	"github.com/minio/minio-go/v7"
)

// choice are prefixes of the objects that a restore is about. Without any, it is about all.
type choice []string

func (c choice) has(key string) bool {
	for _, prefix := range c {
		if strings.HasPrefix(key, prefix) {
			return true
		}
	}
	return len(c) == 0
}

// mayHave tells whether a folder, whose key ends with a slash, may have a chosen object below it.
func (c choice) mayHave(folder string) bool {
	for _, prefix := range c {
		if strings.HasPrefix(folder, prefix) || strings.HasPrefix(prefix, folder) {
			return true
		}
	}
	return len(c) == 0
}

// isPart tells whether only some objects come back, and neither the others nor the database.
func (r restoring) isPart() bool { return r.only != "" || r.onlyRun != "" || r.onlyModel != "" }

// subject names what comes back.
func (r restoring) subject() string {
	switch {
	case r.onlyRun != "":
		return "the run " + r.onlyRun
	case r.onlyModel != "":
		return "the model " + r.onlyModel
	}
	return r.only
}

// chosen are the objects that are asked for, and what a person should know about them. Today's database says where the
// files of a run or a model are: MLflow looks for them there.
func chosen(ctx context.Context, ask query, b *bucket, root fs.Directory, how restoring) (choice, []string, error) {
	switch {
	case how.onlyRun != "":
		return chooseRun(ctx, ask, b, root, how.onlyRun)
	case how.onlyModel != "":
		return chooseModel(ask, b, how.onlyModel)
	case how.only != "":
		return choice{how.only}, nil, nil
	}
	return nil, nil, nil
}

// owner is something in the database that has files at an address.
type owner struct {
	name    string
	address string
}

func chooseRun(ctx context.Context, ask query, b *bucket, root fs.Directory, run string) (choice, []string, error) {
	rows, err := ask("select coalesce(r.artifact_uri, ''), coalesce(r.lifecycle_stage, ''), coalesce(e.lifecycle_stage, ''), e.experiment_id::text" +
		" from runs r join experiments e using (experiment_id) where r.run_uuid = " + literal(run))
	if err != nil {
		return nil, nil, err
	}
	if len(rows) == 0 {
		return nil, nil, unknownRun(ctx, root, run)
	}
	owners := []owner{{"the run " + run, rows[0][0]}}
	// What a client logs as a model in a run is in a folder of its own.
	models, err := ask("select model_id, coalesce(artifact_location, '') from logged_models where source_run_id = " + literal(run) + " order by 1")
	if err != nil {
		return nil, nil, err
	}
	for _, model := range models {
		owners = append(owners, owner{"the logged model " + model[0], model[1]})
	}
	found, warnings, err := b.places(owners)
	if rows[0][1] == "deleted" {
		warnings = append(warnings, fmt.Sprintf("The run %s is deleted in MLflow, and stays so. To see it there: mlflow.MlflowClient().restore_run(%q)", run, run))
	}
	if rows[0][2] == "deleted" {
		warnings = append(warnings, fmt.Sprintf("Its experiment is deleted in MLflow, and stays so. To see it there: mlflow.MlflowClient().restore_experiment(%q)", rows[0][3]))
	}
	return found, warnings, err
}

// unknownRun refuses a run whose row is gone. Its files alone would belong to nobody, and MLflow would not show them.
func unknownRun(ctx context.Context, root fs.Directory, run string) error {
	folders := map[string]bool{}
	err := eachChosen(ctx, root, nil, func(key string, _ fs.File) error {
		if before, _, found := strings.Cut("/"+key, "/"+run+"/"); found {
			folders[strings.TrimPrefix(before+"/", "/")+run+"/"] = true
		}
		return nil
	})
	if err != nil {
		return err
	}
	for folder := range folders {
		return usage("the database has no run "+run+", so MLflow would not show its files, which the backup has in "+folder,
			"A run comes back with its whole backup: mlflow-stack restore --at. For the files alone: --only "+folder)
	}
	return usage("neither the database nor the backup has a run "+run,
		"Copy the id from the page of the run in MLflow, or take an older backup: --at.")
}

var loggedModel = regexp.MustCompile(`^m-[0-9a-f]{32}$`)

// chooseModel takes the name of a registered model, which may begin with its workspace and a slash, or the id of a logged
// model.
func chooseModel(ask query, b *bucket, name string) (choice, []string, error) {
	workspace, registered, given := strings.Cut(name, "/")
	if !given {
		workspace, registered = "", name
	}
	// Older releases of MLflow have no workspaces. MLflow deletes a version by this stage, so that its number stays taken.
	rows, err := ask("select coalesce(to_jsonb(v)->>'workspace', ''), v.version::text, coalesce(nullif(v.storage_location, ''), v.source, '')" +
		" from model_versions v where v.name = " + literal(registered) + " and v.current_stage is distinct from 'Deleted_Internal' order by v.version")
	if err != nil {
		return nil, nil, err
	}
	var owners []owner
	workspaces := map[string]bool{}
	for _, row := range rows {
		if !given || row[0] == workspace {
			workspaces[row[0]] = true
			owners = append(owners, owner{"version " + row[1] + " of the model " + name, row[2]})
		}
	}
	if len(workspaces) > 1 {
		return nil, nil, usage("several workspaces have a model "+name, "Name one of them: --only-model WORKSPACE/"+name)
	}
	if len(owners) == 0 && loggedModel.MatchString(name) {
		rows, err := ask("select model_id, coalesce(artifact_location, ''), coalesce(lifecycle_stage, '') from logged_models where model_id = " + literal(name))
		if err != nil {
			return nil, nil, err
		}
		for _, row := range rows {
			found, warnings, err := b.places([]owner{{"the logged model " + name, row[1]}})
			if row[2] == "deleted" {
				warnings = append(warnings, "The logged model "+name+" is deleted in MLflow, and stays so.")
			}
			return found, warnings, err
		}
	}
	if len(owners) == 0 {
		return nil, nil, usage("the registry has no version of a model "+name,
			"Copy the name from MLflow. A registered model that was deleted comes back with a whole backup: mlflow-stack restore --at. "+
				"The files of its versions may still belong to a run: --only-run.")
	}
	return b.places(owners)
}

// places are the prefixes of the files of owners. It fails if no owner has its files in the bucket.
func (b *bucket) places(owners []owner) (choice, []string, error) {
	var found choice
	var warnings []string
	for _, one := range owners {
		if key, err := b.keyOf(one.address); err != nil {
			warnings = append(warnings, "The files of "+one.name+" are left out: "+err.Error())
		} else {
			found = append(found, key)
		}
	}
	if len(found) == 0 {
		return nil, nil, usage(warnings[0], "If a backup has the files, name their path in the bucket: --only.")
	}
	return found, warnings, nil
}

// keyOf is the prefix of the files at an address of MLflow's. An address that may mean something else is refused.
func (b *bucket) keyOf(address string) (string, error) {
	at, err := url.Parse(address)
	if err != nil || strings.ContainsAny(address, "%?#\\") {
		return "", errors.New("their address " + address + " is not understood")
	}
	key := strings.TrimSuffix(at.Path, "/")
	switch {
	case at.Scheme == "mlflow-artifacts":
		key = strings.TrimPrefix(key, "/")
	case at.Scheme == "s3" && at.Host == b.name && strings.HasPrefix(key+"/", "/"+b.prefix):
		key = strings.TrimPrefix(key, "/"+b.prefix)
	default:
		return "", errors.New("their address " + address + " is not in the bucket of this stack, which backups have")
	}
	for _, part := range strings.Split(key, "/") {
		if part == "" || part == "." || part == ".." {
			return "", errors.New("their address " + address + " is not understood")
		}
	}
	return key + "/", nil
}

// chosenByKey are the objects of today that are chosen. Only they are listed.
func (b *bucket) chosenByKey(ctx context.Context, wanted choice) (map[string]*object, error) {
	if len(wanted) == 0 {
		wanted = choice{""}
	}
	result := map[string]*object{}
	for _, prefix := range wanted {
		objects, err := b.list(ctx, minio.ListObjectsOptions{Prefix: b.prefix + prefix, Recursive: true})
		if err != nil {
			return nil, err
		}
		for _, one := range objects {
			result[one.key] = one
		}
	}
	return result, nil
}

var errFound = errors.New("found")

// missing says that a backup has nothing of what is chosen, and which one has.
func missing(ctx context.Context, v *vault, backups []*backup, one *backup, wanted choice, how restoring) error {
	for _, other := range backups {
		root, err := v.root(other)
		if err != nil {
			return err
		}
		err = eachChosen(ctx, root, wanted, func(string, fs.File) error { return errFound })
		if errors.Is(err, errFound) {
			return fail(statusNoBackup, "The newest backup that has some: --at "+other.ID,
				"the backup %s has no file of %s", one.ID, how.subject())
		}
		if err != nil {
			return err
		}
	}
	return fail(statusNoBackup, "Look in MLflow whether it ever had files, and at which path.",
		"none of the %d backups has a file of %s", len(backups), how.subject())
}

// eachChosen calls a function with each chosen object of a backup. Other folders are not read.
func eachChosen(ctx context.Context, root fs.Directory, wanted choice, do func(string, fs.File) error) error {
	artifacts, err := root.Child(ctx, artifactsName)
	if err != nil {
		return err
	}
	return eachObjectIn(ctx, artifacts.(fs.Directory), "", wanted.mayHave, func(key string, one fs.File) error {
		if !wanted.has(key) {
			return nil
		}
		return do(key, one)
	})
}
