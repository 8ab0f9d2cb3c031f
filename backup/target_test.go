package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// backUpAndRead makes two backups on a target, and reads the first.
func backUpAndRead(w *world) {
	w.Helper()
	w.store.put("a", "then")
	then := w.mustSave().Backup
	w.store.put("a", "now")
	w.mustSave()
	if found := w.files(then.ID); found["artifacts/a"] != "then" {
		w.Errorf("%v", found)
	}
	report, err := check(context.Background(), w.settings, "prod")
	if err != nil || report.Backups != 2 || len(report.Damaged) != 0 {
		w.Errorf("%+v, %v", report, err)
	}
	w.settings.passphrase = "not the one of before"
	_, err = w.save()
	w.wantStatus(err, statusPassphrase)
}

func TestABucketIsATarget(t *testing.T) {
	w := newWorld(t)
	target := &store{}
	server := httptest.NewServer(target)
	t.Cleanup(server.Close)
	w.settings.target, w.settings.targetEndpoint = "s3://bucket/deep/prefix", server.URL
	backUpAndRead(w)
	for key := range target.objects {
		if !strings.HasPrefix(key, "deep/prefix/") {
			t.Errorf("%s is beside the prefix", key)
		}
	}
	w.settings.targetEndpoint = "http://127.0.0.1:1"
	_, err := w.save()
	w.wantStatus(err, statusTarget)
}

// wantTarget looks for words in the message and the remedy of an error of the target, which comes soon.
func wantTarget(w *world, err error, words ...string) {
	w.Helper()
	w.wantStatus(err, statusTarget)
	found := asFailure(err)
	for _, word := range words {
		if !strings.Contains(found.message+" "+found.remedy, word) {
			w.Errorf("%q is not in: %s %s", word, found.message, found.remedy)
		}
	}
}

func TestABucketThatCannotBeUsedIsNeverAnEmptyTarget(t *testing.T) {
	w := newWorld(t)
	target := &store{}
	server := httptest.NewServer(target)
	t.Cleanup(server.Close)
	w.settings.targetEndpoint = server.URL
	for _, bad := range []struct {
		target, refusal, remedy string
	}{
		{"s3://nowhere/deep", "", "Create the bucket"},
		{"s3://bucket", "InvalidAccessKeyId", "BACKUP_ACCESS_KEY_ID"},
		{"s3://bucket", "SignatureDoesNotMatch", "BACKUP_SECRET_ACCESS_KEY"},
		{"s3://bucket", "AccessDenied", "s3:ListBucket"},
	} {
		w.settings.target, target.refusals = bad.target, nil
		if bad.refusal != "" {
			target.refusals = map[string]string{"GET": bad.refusal, "PUT": bad.refusal, "HEAD": bad.refusal}
		}
		_, err := openVault(context.Background(), w.settings, readOnly)
		wantTarget(w, err, bad.remedy)
		_, err = openVault(context.Background(), w.settings, creating)
		wantTarget(w, err, bad.remedy)
	}
	w.settings.target, target.refusals = "s3://bucket", map[string]string{"PUT": "AccessDenied"}
	if _, err := openVault(context.Background(), w.settings, readOnly); !errors.Is(err, errNoVault) {
		t.Errorf("%v", err)
	}
	_, err := openVault(context.Background(), w.settings, creating)
	wantTarget(w, err, "s3:PutObject")
}

// TestMain lets the tests' program be the SSH client of kopia, as the program itself is.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == sshVerb {
		main()
		return
	}
	os.Exit(m.Run())
}

// sshWorld has a target on an SSH server with host keys of two types. It returns the server's address.
func sshWorld(t *testing.T, hostKeys ...ssh.Signer) (*world, string) {
	t.Helper()
	w := newWorld(t)
	address := serveSFTP(t, newKey(t).PublicKey(), hostKeys...)
	targetKnownHosts = filepath.Join(t.TempDir(), "known_hosts")
	w.settings.target = "sftp://backup@" + address + w.folder
	return w, address
}

// know notes keys of a host.
func know(w *world, address string, keys ...ssh.Signer) {
	w.Helper()
	text := ""
	for _, key := range keys {
		text += knownhosts.Line([]string{knownhosts.Normalize(address)}, key.PublicKey()) + "\n"
	}
	if err := os.WriteFile(targetKnownHosts, []byte(text), 0o600); err != nil {
		w.Fatal(err)
	}
}

func TestAnSSHServerIsATarget(t *testing.T) {
	first, second, third := newHostKeys(t)
	w, address := sshWorld(t, first, second, third)
	know(w, address, first, second, third)
	backUpAndRead(w)
}

func TestEachKnownHostKeyIsEnough(t *testing.T) {
	first, second, third := newHostKeys(t)
	for _, known := range []ssh.Signer{first, second, third} {
		t.Run(known.PublicKey().Type(), func(t *testing.T) {
			w, address := sshWorld(t, first, second, third)
			know(w, address, known)
			v, err := openVault(context.Background(), w.settings, creating)
			if err != nil {
				t.Fatal(err)
			}
			v.close(context.Background())
		})
	}
}

func TestHostKeysOfNewerTypesAreLeftOut(t *testing.T) {
	_, _, own := newHostKeys(t)
	w, address := sshWorld(t, own)
	know(w, address, own)
	known, err := os.ReadFile(targetKnownHosts)
	if err != nil {
		t.Fatal(err)
	}
	// As ssh-keyscan of OpenSSH 10.6 prints it.
	text := "# a comment\n" + knownhosts.Normalize(address) + " ssh-mldsa44-ed25519 AAAAE3NzaC1tbGRzYTQ0LWVkMjU1MTk=\n\n" + string(known)
	if err := os.WriteFile(targetKnownHosts, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	v, err := openVault(context.Background(), w.settings, creating)
	if err != nil {
		t.Fatal(err)
	}
	v.close(context.Background())

	if err := os.WriteFile(targetKnownHosts, []byte("nas.example.com ssh-ed25519 no-key\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = openVault(context.Background(), w.settings, creating)
	w.wantStatus(err, statusUsage)
}

func TestAnSSHServerThatCannotBeUsedSaysWhy(t *testing.T) {
	other, _, own := newHostKeys(t)
	w, address := sshWorld(t, own)
	know(w, address, own)
	w.mustSave()
	open := func(words ...string) {
		t.Helper()
		for _, how := range []opening{readOnly, creating} {
			_, err := openVault(context.Background(), w.settings, how)
			wantTarget(w, err, words...)
		}
	}

	// Another server at the same address is not given anything.
	_, _, another := newHostKeys(t)
	know(w, address, another)
	open("BACKUP_KNOWN_HOSTS", ssh.FingerprintSHA256(own.PublicKey()))
	know(w, address, other)
	open("BACKUP_KNOWN_HOSTS", "known type")
	know(w, "another.example.com:22", own)
	open("BACKUP_KNOWN_HOSTS", address)
	know(w, address, own)

	good := targetSSHKey
	newKey(t)
	open("BACKUP_SSH_KEY", "the user backup")
	targetSSHKey = good

	target := w.settings.target
	w.settings.target = target + "/of-a-drive-that-is-missing"
	open("does not exist on " + address)
	if left, _ := filepath.Glob(w.folder + "/of-*"); left != nil {
		t.Errorf("%v was created", left)
	}
	w.settings.target = target
	if backups := w.list(); len(backups) != 1 {
		t.Errorf("%v", backups)
	}
}

func TestAServerThatSaysNothingIsGivenUp(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	_, _, key := newHostKeys(t)
	w, _ := sshWorld(t, key)
	know(w, listener.Addr().String(), key)
	w.settings.target = "sftp://backup@" + listener.Addr().String() + w.folder
	was := targetTimeout
	targetTimeout = 300 * time.Millisecond
	defer func() { targetTimeout = was }()
	_, err = w.save()
	wantTarget(w, err, "timeout")
}

func TestResultsOfAnotherTargetAreForgotten(t *testing.T) {
	w := newWorld(t)
	serveOnce := func(identity string) {
		t.Helper()
		forgetOtherTarget(w.settings, identity)
	}
	serveOnce("one")
	for _, name := range []string{"good", "run", "check", "drill", "restore"} {
		writeState(name, result{Message: name})
	}
	serveOnce("one")
	// The target cannot be opened for a while, or has got another address.
	serveOnce("")
	serveOnce("one")
	w.settings.target = "sftp://backup@nas.example.com/moved"
	serveOnce("one")
	if readState[result]("drill") == nil || readState[result]("good") == nil {
		t.Error("forgotten, although the target is the same")
	}
	serveOnce("two")
	for _, name := range []string{"good", "run", "check", "drill"} {
		if readState[result](name) != nil {
			t.Errorf("%s is still that of the other target", name)
		}
	}
	if readState[result]("restore") == nil {
		t.Error("a restore is of the stack, and not of the target")
	}
	writeState("good", result{})
	w.settings.target = "s3://down"
	serveOnce("")
	if readState[result]("good") != nil {
		t.Error("a target that cannot be opened has backups of another one")
	}
}

// newHostKeys are one key of each type that Debian's server has.
func newHostKeys(t *testing.T) (first, second, third ssh.Signer) {
	t.Helper()
	ofECDSA, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ofRSA, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, ofEd25519, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var signers []ssh.Signer
	for _, key := range []any{ofECDSA, ofRSA, ofEd25519} {
		signer, err := ssh.NewSignerFromKey(key)
		if err != nil {
			t.Fatal(err)
		}
		signers = append(signers, signer)
	}
	return signers[0], signers[1], signers[2]
}

// newKey makes a key, and a file with it at the place of the user's.
func newKey(t *testing.T) ssh.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	if targetSSHKey = filepath.Join(t.TempDir(), "key"); os.WriteFile(targetSSHKey, pem.EncodeToMemory(block), 0o600) != nil {
		t.Fatal("no key")
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// serveSFTP is an SSH server that lets one key in, and has the files of this machine.
func serveSFTP(t *testing.T, user ssh.PublicKey, hostKeys ...ssh.Signer) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	configuration := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if string(key.Marshal()) != string(user.Marshal()) {
			return nil, io.EOF
		}
		return nil, nil
	}}
	for _, key := range hostKeys {
		configuration.AddHostKey(key)
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go serveSSH(connection, configuration)
		}
	}()
	return listener.Addr().String()
}

func serveSSH(connection net.Conn, configuration *ssh.ServerConfig) {
	_, channels, requests, err := ssh.NewServerConn(connection, configuration)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for one := range channels {
		channel, requests, err := one.Accept()
		if err != nil {
			return
		}
		go func() {
			for request := range requests {
				_ = request.Reply(request.Type == "subsystem", nil)
			}
		}()
		go func() {
			if server, err := sftp.NewServer(channel); err == nil {
				_ = server.Serve()
			}
			channel.Close()
		}()
	}
}
