package main

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/kopia/kopia/fs"
)

// MLflow encrypts secrets of webhooks with a Fernet key. Each secret of the AI gateway has a key of its own, which is
// encrypted ("wrapped") by AES-GCM with a key from the passphrase: mlflow/utils/crypto.py.
const (
	webhookKeyName = "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY"
	passphraseName = "MLFLOW_CRYPTO_KEK_PASSPHRASE"

	kekSalt       = "mlflow-secrets-kek-v1-2025"
	kekIterations = 600_000
	// MLFLOW_CRYPTO_KEK_VERSION is not set for the server of a stack.
	kekVersion = 1
)

var errUnreadable = errors.New("another key")

// encryptionKeys are what MLflow encrypts with, in a backup or in this stack. Either may be missing.
type encryptionKeys struct {
	webhooks   string
	passphrase string
	version    int
	derived    map[int][]byte
}

// ownKeys are those of this stack.
func ownKeys() (*encryptionKeys, error) {
	keys := &encryptionKeys{version: kekVersion}
	for name, value := range map[string]*string{webhookKeyName: &keys.webhooks, passphraseName: &keys.passphrase} {
		text, err := os.ReadFile(filepath.Join(secretsFolder, name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fail(statusFailed, "Let the user of the container read it.", "a secret cannot be read: %s", reason(err))
		}
		*value = string(text)
	}
	return keys, nil
}

// keysOf are those in a backup.
func keysOf(ctx context.Context, root fs.Directory) (*encryptionKeys, error) {
	keys := &encryptionKeys{}
	entry, err := root.Child(ctx, secretsName)
	if err != nil {
		return nil, damaged{secretsName, err}
	}
	folder := entry.(fs.Directory)
	for name, value := range map[string]*string{webhookKeyName: &keys.webhooks, passphraseName: &keys.passphrase} {
		_, err := folder.Child(ctx, name)
		if errors.Is(err, fs.ErrEntryNotFound) {
			continue
		}
		reader, err := openFile(ctx, folder, name)
		if err != nil {
			return nil, err
		}
		text, err := io.ReadAll(reader)
		reader.Close()
		if err != nil {
			return nil, damaged{secretsName + "/" + name, err}
		}
		*value = string(text)
	}
	return keys, nil
}

// query asks a database. All values come as text without blanks.
type query func(sql string) ([][]string, error)

// encrypted is a value that MLflow has encrypted.
type encrypted struct {
	// What it belongs to, such as "webhook alerts".
	owner string
	// Version of the passphrase's key. Webhooks have none.
	version int
	value   []byte
	// The statement that replaces it.
	update func(value []byte, version int) string
}

// encryptedValues finds all values that MLflow has encrypted. A schema may be older than a table or column.
func encryptedValues(ask query, schema string) ([]encrypted, error) {
	var result []encrypted
	webhooks := pgx.Identifier{schema, "webhooks"}.Sanitize()
	rows, err := rowsIfThere(ask, webhooks, []string{"webhook_id", "name", "secret"},
		"select "+inHex("webhook_id")+", "+inHex("name")+", "+inHex("secret")+" from "+webhooks+" where secret is not null order by 1")
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		id := row[0]
		result = append(result, encrypted{owner: "webhook " + fromHex(row[1]), value: []byte(fromHex(row[2])),
			update: func(value []byte, _ int) string {
				return "update " + webhooks + " set secret = " + asText(value) + " where webhook_id = " + asText([]byte(fromHex(id))) + ";\n"
			}})
	}
	secrets := pgx.Identifier{schema, "secrets"}.Sanitize()
	rows, err = rowsIfThere(ask, secrets, []string{"secret_id", "secret_name", "wrapped_dek", "kek_version"},
		"select "+inHex("secret_id")+", "+inHex("secret_name")+", encode(wrapped_dek, 'hex'), kek_version::text from "+secrets+" order by 1")
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		id := row[0]
		version, err := strconv.Atoi(row[3])
		if err != nil {
			return nil, err
		}
		result = append(result, encrypted{owner: "secret " + fromHex(row[1]), version: version, value: []byte(fromHex(row[2])),
			update: func(value []byte, version int) string {
				return "update " + secrets + " set wrapped_dek = " + asBytes(value) + ", kek_version = " + strconv.Itoa(version) +
					" where secret_id = " + asText([]byte(fromHex(id))) + ";\n"
			}})
	}
	return result, nil
}

func rowsIfThere(ask query, table string, columns []string, sql string) ([][]string, error) {
	names := ""
	for _, column := range columns {
		names += ", " + literal(column)
	}
	found, err := ask("select count(*)::text from pg_catalog.pg_attribute where attrelid = pg_catalog.to_regclass(" + literal(table) + ")" +
		" and attname in (" + names[2:] + ") and not attisdropped")
	if err != nil {
		return nil, err
	}
	if len(found) != 1 || found[0][0] != strconv.Itoa(len(columns)) {
		return nil, nil
	}
	return ask(sql)
}

func inHex(column string) string { return "encode(convert_to(" + column + ", 'UTF8'), 'hex')" }

func fromHex(text string) string {
	value, _ := hex.DecodeString(text)
	return string(value)
}

func asBytes(value []byte) string { return "decode('" + hex.EncodeToString(value) + "', 'hex')" }
func asText(value []byte) string  { return "convert_from(" + asBytes(value) + ", 'UTF8')" }

// reencryption is how the values of a restored database become readable for this stack.
type reencryption struct {
	updates []string
	// What neither the keys of the backup nor those of this stack can read.
	unreadable []string
}

// reencrypt makes the values of a backup readable with this stack's keys. A value that cannot be read is left as it is.
func reencrypt(ask query, schema string, then, now *encryptionKeys) (*reencryption, error) {
	result := &reencryption{unreadable: []string{}}
	values, err := encryptedValues(ask, schema)
	if err != nil {
		return nil, err
	}
	for _, one := range values {
		if now.canRead(one) {
			continue
		}
		value, version, err := one.under(then, now)
		switch {
		case errors.Is(err, errUnreadable):
			result.unreadable = append(result.unreadable, one.owner)
		case err != nil:
			return nil, err
		default:
			result.updates = append(result.updates, one.update(value, version))
		}
	}
	return result, nil
}

// unreadable are the values that keys cannot read.
func unreadable(ask query, schema string, keys *encryptionKeys) ([]string, error) {
	result := []string{}
	values, err := encryptedValues(ask, schema)
	for _, one := range values {
		if _, err := one.open(keys); err != nil {
			result = append(result, one.owner)
		}
	}
	return result, err
}

// canRead tells whether a server with these keys reads a value: it takes its own version, and not that of the row.
func (k *encryptionKeys) canRead(one encrypted) bool {
	if one.version != 0 && one.version != k.version {
		return false
	}
	_, err := one.open(k)
	return err == nil
}

// open decrypts a value: the secret of a webhook, or the key of a secret.
func (one encrypted) open(keys *encryptionKeys) ([]byte, error) {
	if one.version == 0 {
		return fernetOpen(keys.webhooks, one.value)
	}
	gcm, err := keys.gcm(one.version)
	if err != nil {
		return nil, err
	}
	if len(one.value) < gcm.NonceSize() {
		return nil, errUnreadable
	}
	plain, err := gcm.Open(nil, one.value[:gcm.NonceSize()], one.value[gcm.NonceSize():], nil)
	if err != nil {
		return nil, errUnreadable
	}
	return plain, nil
}

// under encrypts a value with other keys.
func (one encrypted) under(then, now *encryptionKeys) ([]byte, int, error) {
	plain, err := one.open(then)
	if err != nil {
		return nil, 0, err
	}
	if one.version == 0 {
		value, err := fernetSeal(now.webhooks, plain)
		return value, 0, err
	}
	gcm, err := now.gcm(now.version)
	if err != nil {
		return nil, 0, err
	}
	nonce := make([]byte, gcm.NonceSize())
	_, _ = rand.Read(nonce)
	return gcm.Seal(nonce, nonce, plain, nil), now.version, nil
}

func (k *encryptionKeys) gcm(version int) (cipher.AEAD, error) {
	if k.passphrase == "" {
		return nil, errUnreadable
	}
	if k.derived == nil {
		k.derived = map[int][]byte{}
	}
	if k.derived[version] == nil {
		salt := binary.BigEndian.AppendUint32([]byte(kekSalt), uint32(version))
		key, err := pbkdf2.Key(sha256.New, k.passphrase, salt, kekIterations, 32)
		if err != nil {
			return nil, err
		}
		k.derived[version] = key
	}
	block, err := aes.NewCipher(k.derived[version])
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// A Fernet token: version, time, initialization vector, AES-CBC with padding, HMAC-SHA256.
const (
	fernetVersion = 0x80
	fernetHead    = 1 + 8 + aes.BlockSize
)

// fernetKeys are the key that signs and the key that encrypts.
func fernetKeys(key string) ([]byte, cipher.Block, error) {
	both, err := base64.URLEncoding.DecodeString(key)
	if err != nil || len(both) != 32 {
		return nil, nil, errUnreadable
	}
	block, err := aes.NewCipher(both[16:])
	return both[:16], block, err
}

func fernetSign(key, message []byte) []byte {
	sum := hmac.New(sha256.New, key)
	sum.Write(message)
	return sum.Sum(nil)
}

func fernetOpen(key string, token []byte) ([]byte, error) {
	sign, block, err := fernetKeys(key)
	if err != nil {
		return nil, err
	}
	raw, err := base64.URLEncoding.DecodeString(string(token))
	end := len(raw) - sha256.Size
	if err != nil || end < fernetHead+aes.BlockSize || (end-fernetHead)%aes.BlockSize != 0 || raw[0] != fernetVersion ||
		!hmac.Equal(raw[end:], fernetSign(sign, raw[:end])) {
		return nil, errUnreadable
	}
	plain := slices.Clone(raw[fernetHead:end])
	cipher.NewCBCDecrypter(block, raw[fernetHead-aes.BlockSize:fernetHead]).CryptBlocks(plain, plain)
	padding := int(plain[len(plain)-1])
	if padding == 0 || padding > aes.BlockSize {
		return nil, errUnreadable
	}
	return plain[:len(plain)-padding], nil
}

func fernetSeal(key string, plain []byte) ([]byte, error) {
	sign, block, err := fernetKeys(key)
	if err != nil {
		return nil, err
	}
	token := binary.BigEndian.AppendUint64([]byte{fernetVersion}, uint64(time.Now().Unix()))
	vector := make([]byte, aes.BlockSize)
	_, _ = rand.Read(vector)
	token = append(token, vector...)
	padding := aes.BlockSize - len(plain)%aes.BlockSize
	padded := append(slices.Clone(plain), bytes.Repeat([]byte{byte(padding)}, padding)...)
	cipher.NewCBCEncrypter(block, vector).CryptBlocks(padded, padded)
	token = append(token, padded...)
	token = append(token, fernetSign(sign, token)...)
	return base64.URLEncoding.AppendEncode(nil, token), nil
}
