package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// Name by which this program starts itself as the SSH client of kopia.
const sshVerb = "ssh"

const sshPort = "22"

// Kopia's own client accepts the first type of host key that the server has, even if only another type is known. Debian's
// server has three types, and many people note one. So kopia gets this program as its SSH client, which asks for known types.
func sshCommand(address *url.URL) (program, arguments string, err error) {
	program, err = os.Executable()
	return program, strings.Join([]string{sshVerb, address.String(), targetSSHKey, targetKnownHosts}, " "), err
}

// runSSH connects the standard streams with the SFTP server of an address. Kopia adds arguments, which are not needed.
func runSSH(arguments []string) error {
	if len(arguments) < 3 {
		return errors.New("an address, a key and known hosts are missing")
	}
	address, err := url.Parse(arguments[0])
	if err != nil {
		return err
	}
	client, in, out, err := dialSFTP(context.Background(), address, arguments[1], arguments[2])
	if err != nil {
		return err
	}
	defer client.Close()
	go func() {
		_, _ = io.Copy(in, os.Stdin)
		// Kopia has closed the connection, or was killed.
		client.Close()
	}()
	_, err = io.Copy(os.Stdout, out)
	return err
}

// dialSFTP logs in, and begins SFTP. Closing the client ends both.
func dialSFTP(ctx context.Context, address *url.URL, keyFile, knownHosts string) (
	client *ssh.Client, in io.WriteCloser, out io.Reader, err error,
) {
	if client, err = dialSSH(ctx, address, keyFile, knownHosts); err != nil {
		return nil, nil, nil, err
	}
	if in, out, err = sftpStreams(client); err != nil {
		client.Close()
		return nil, nil, nil, err
	}
	return client, in, out, nil
}

func sftpStreams(client *ssh.Client) (in io.WriteCloser, out io.Reader, err error) {
	session, err := client.NewSession()
	if err != nil {
		return nil, nil, err
	}
	if in, err = session.StdinPipe(); err != nil {
		return nil, nil, err
	}
	if out, err = session.StdoutPipe(); err != nil {
		return nil, nil, err
	}
	if err := session.RequestSubsystem("sftp"); err != nil {
		return nil, nil, fmt.Errorf("the server has no SFTP: %w", err)
	}
	return in, out, nil
}

// checkSSH logs in and looks for the folder. What is wrong is told here: kopia gives the reason after 400 characters of others.
func checkSSH(ctx context.Context, address *url.URL) error {
	client, in, out, err := dialSFTP(ctx, address, targetSSHKey, targetKnownHosts)
	if err != nil {
		return err
	}
	defer client.Close()
	session, err := sftp.NewClientPipe(out, in)
	if err != nil {
		return err
	}
	defer session.Close()
	info, err := session.Stat(address.Path)
	if errors.Is(err, os.ErrNotExist) || err == nil && !info.IsDir() {
		return fail(statusTarget, "Create it there, or correct BACKUP_TARGET.",
			"the folder %s does not exist on %s", address.Path, address.Host)
	}
	return err
}

// dialSSH logs in. The timeout is that of the whole login: a server may accept connections and then say nothing.
func dialSSH(ctx context.Context, address *url.URL, keyFile, knownHosts string) (*ssh.Client, error) {
	host := hostAndPort(address.Host, sshPort)
	check, err := readKnownHosts(knownHosts)
	if err != nil {
		return nil, fail(statusUsage, "Write them as ssh-keyscan prints them.", "the known host keys cannot be read: %s", reason(err))
	}
	algorithms, err := knownAlgorithms(check, host, knownHosts)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, err
	}
	key, err := ssh.ParsePrivateKey(text)
	if err != nil {
		return nil, fail(statusUsage, "Correct BACKUP_SSH_KEY ('privateKey'): the text of a private key without a passphrase.",
			"the private key of the target cannot be read: %s", reason(err))
	}
	var shown ssh.PublicKey
	configuration := &ssh.ClientConfig{
		User: address.User.Username(),
		Auth: []ssh.AuthMethod{ssh.PublicKeys(key)},
		HostKeyCallback: func(name string, remote net.Addr, key ssh.PublicKey) error {
			shown = key
			return check(name, remote, key)
		},
		HostKeyAlgorithms: algorithms,
	}

	connection, err := (&net.Dialer{Timeout: targetTimeout}).DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, err
	}
	_ = connection.SetDeadline(time.Now().Add(targetTimeout))
	opened, channels, requests, err := ssh.NewClientConn(connection, host, configuration)
	if err != nil {
		connection.Close()
		return nil, loginFailure(err, address, shown)
	}
	_ = connection.SetDeadline(time.Time{})
	return ssh.NewClient(opened, channels, requests), nil
}

// readKnownHosts leaves out keys that cannot be read: ssh-keyscan prints keys of types that only newer programs know, and
// the library would refuse the whole file.
func readKnownHosts(file string) (ssh.HostKeyCallback, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var readable []string
	for _, line := range strings.Split(string(text), "\n") {
		if _, _, _, _, _, wrong := ssh.ParseKnownHosts([]byte(line)); wrong == nil {
			readable = append(readable, line)
		} else if !errors.Is(wrong, io.EOF) {
			err = wrong
		}
	}
	if len(readable) == 0 && err != nil {
		return nil, err
	}
	filtered, err := os.CreateTemp(memoryFolder(), program+"-known-hosts")
	if err != nil {
		return nil, err
	}
	defer os.Remove(filtered.Name())
	_, err = filtered.WriteString(strings.Join(readable, "\n") + "\n")
	if err = errors.Join(err, filtered.Close()); err != nil {
		return nil, err
	}
	return knownhosts.New(filtered.Name())
}

// knownAlgorithms are those of the known keys of a host. If an authority signs host keys, all are accepted, and checked.
func knownAlgorithms(check ssh.HostKeyCallback, host, file string) ([]string, error) {
	nobody, err := ssh.NewPublicKey(ed25519.PublicKey(make([]byte, ed25519.PublicKeySize)))
	if err != nil {
		return nil, err
	}
	var wrong *knownhosts.KeyError
	if !errors.As(check(host, &net.TCPAddr{}, nobody), &wrong) {
		return nil, nil
	}
	text, err := os.ReadFile(file)
	if err != nil || strings.Contains(string(text), "@cert-authority") {
		return nil, err
	}
	var result []string
	for _, one := range wrong.Want {
		types := []string{one.Key.Type()}
		if types[0] == ssh.KeyAlgoRSA {
			types = []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
		}
		for _, algorithm := range types {
			if !slices.Contains(result, algorithm) {
				result = append(result, algorithm)
			}
		}
	}
	if len(result) == 0 {
		return nil, fail(statusTarget, hostKeyRemedy, "no host key of %s is known", host)
	}
	return result, nil
}

const hostKeyRemedy = "Compare the server's host keys with what 'ssh-keyscan' prints, and set BACKUP_KNOWN_HOSTS ('knownHosts') to that. " +
	"If its keys have not changed, another machine answers in its place."

func loginFailure(err error, address *url.URL, shown ssh.PublicKey) error {
	var wrong *knownhosts.KeyError
	var revoked *knownhosts.RevokedError
	var negotiation *ssh.AlgorithmNegotiationError
	switch {
	case shown != nil && (errors.As(err, &wrong) || errors.As(err, &revoked)):
		return fail(statusTarget, hostKeyRemedy, "%s has shown a host key that is not the known one: %s %s",
			address.Host, shown.Type(), ssh.FingerprintSHA256(shown))
	case errors.As(err, &negotiation) && shown == nil && strings.Contains(err.Error(), "host key"):
		return fail(statusTarget, hostKeyRemedy, "%s has no host key of a known type: %s", address.Host, reason(err))
	case strings.Contains(err.Error(), "unable to authenticate"):
		return fail(statusTarget, "Add the public key of BACKUP_SSH_KEY ('privateKey') to the authorized keys of this user, or correct it.",
			"%s does not let the user %s in with this private key", address.Host, address.User.Username())
	}
	return err
}
