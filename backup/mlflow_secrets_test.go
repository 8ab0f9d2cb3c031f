package main

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

// Written by MLflow 3.17.2's own code, and by the Fernet that it uses.
const (
	oldWebhookKey = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
	oldPassphrase = "the passphrase of the old stack"
	oldToken      = "gAAAAABrDVfWCSKj7nMXiFMmcNRfxCMvk0boMFF3msKtE0QmP6SeiueuB4Y2c79scnSF117cyzaOaFY4Xiy3tKfzI-4YS46i84Ia4q0WBzf0Bf8j8fPSpv8="
	oldPlain      = "a secret of a webhook, ü"
	wrapped1      = "ab7123efe2f63110b15ccffa49fef0b0c571760d0e9d6dfc7c2a59f1696c2295a59273757ca0985c489c76487dc741e1756f338b1b11bb04d4e3ebe8"
	dek1          = "63ce5f597148c809f4e1c7cd2f1233cabe961bd0164e719dbabbeac25a1504de"
	wrapped3      = "2568dcbcb06760c8ec950ce5276155113df3978295afe88ae6ec89bc3b302aebffaeac90ecc5916183ac1ab43a433646a53bc88ba8a5a24a04a8be8f"
	dek3          = "5faa5dc11e70d28bf378dd98012bb96c40b750139f0fd7815885e99c9c9e9eb7"
	newWebhookKey = "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="
)

func oldKeys() *encryptionKeys {
	return &encryptionKeys{webhooks: oldWebhookKey, passphrase: oldPassphrase}
}

func newKeys() *encryptionKeys {
	return &encryptionKeys{webhooks: newWebhookKey, passphrase: "the passphrase of the new stack", version: 1}
}

// tables answer for a database with one webhook and two secrets.
func tables(sql string) ([][]string, error) {
	text := func(of string) string { return hex.EncodeToString([]byte(of)) }
	switch {
	case strings.Contains(sql, "pg_attribute") && strings.Contains(sql, "webhooks"):
		return [][]string{{"3"}}, nil
	case strings.Contains(sql, "pg_attribute"):
		return [][]string{{"4"}}, nil
	case strings.Contains(sql, `from "public"."webhooks"`):
		return [][]string{{text("w'1"), text("alerts"), text(oldToken)}}, nil
	case strings.Contains(sql, `from "public"."secrets"`):
		return [][]string{{text("s1"), text("openai"), wrapped1, "1"}, {text("s2"), text("azure"), wrapped3, "3"}}, nil
	}
	return nil, errors.New("not expected: " + sql)
}

// written are the values that updates write.
func written(t *testing.T, updates []string) []string {
	t.Helper()
	var result []string
	for _, update := range updates {
		_, rest, _ := strings.Cut(update, "decode('")
		value, _, found := strings.Cut(rest, "'")
		if !found {
			t.Fatal(update)
		}
		result = append(result, fromHex(value))
	}
	return result
}

func TestValuesThatMLflowEncryptedAreRead(t *testing.T) {
	values, err := encryptedValues(tables, "public")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"webhook alerts": oldPlain, "secret openai": fromHex(dek1), "secret azure": fromHex(dek3)}
	for _, one := range values {
		plain, err := one.open(oldKeys())
		if err != nil || string(plain) != want[one.owner] {
			t.Errorf("%s: %x, %v", one.owner, plain, err)
		}
	}
	if len(values) != len(want) {
		t.Errorf("%d values", len(values))
	}
	if found, err := unreadable(tables, "public", oldKeys()); err != nil || len(found) != 0 {
		t.Errorf("%v, %v", found, err)
	}
	if found, _ := unreadable(tables, "public", newKeys()); strings.Join(found, ", ") != "webhook alerts, secret openai, secret azure" {
		t.Errorf("%v", found)
	}
}

func TestARestoreEncryptsWithTheKeysOfTheStack(t *testing.T) {
	now := newKeys()
	now.version = 2
	done, err := reencrypt(tables, "public", oldKeys(), now)
	if err != nil || len(done.updates) != 3 || len(done.unreadable) != 0 {
		t.Fatalf("%+v, %v", done, err)
	}
	values := written(t, done.updates)
	if plain, err := fernetOpen(newWebhookKey, []byte(values[0])); err != nil || string(plain) != oldPlain {
		t.Errorf("%q, %v", plain, err)
	}
	for index, want := range []string{dek1, dek3} {
		one := encrypted{version: 2, value: []byte(values[index+1])}
		if plain, err := one.open(now); err != nil || hex.EncodeToString(plain) != want {
			t.Errorf("%x, %v", plain, err)
		}
		if !strings.Contains(done.updates[index+1], "kek_version = 2 ") {
			t.Error(done.updates[index+1])
		}
	}
	for _, update := range done.updates {
		for _, secret := range []string{oldPlain, hex.EncodeToString([]byte(oldPlain)), dek1, dek3, newWebhookKey, now.passphrase} {
			if strings.Contains(update, secret) {
				t.Error("a statement tells a secret")
			}
		}
	}
}

func TestAStackWithTheSameKeysWritesNothing(t *testing.T) {
	same := oldKeys()
	same.version = 1
	done, err := reencrypt(tables, "public", oldKeys(), same)
	// The third value is of another version, which a server of this one could not read.
	if err != nil || len(done.updates) != 1 || len(done.unreadable) != 0 {
		t.Errorf("%+v, %v", done, err)
	}
}

func TestValuesThatNobodyCanReadAreTold(t *testing.T) {
	for _, keys := range [][2]*encryptionKeys{
		{{}, newKeys()},
		{oldKeys(), {version: 1}},
		{{webhooks: "no key", passphrase: "another"}, newKeys()},
	} {
		done, err := reencrypt(tables, "public", keys[0], keys[1])
		if err != nil || len(done.updates) != 0 || strings.Join(done.unreadable, ", ") != "webhook alerts, secret openai, secret azure" {
			t.Errorf("%+v, %v", done, err)
		}
	}
}

func TestASchemaWithoutTheseTablesHasNoSuchValues(t *testing.T) {
	values, err := encryptedValues(func(string) ([][]string, error) { return [][]string{{"0"}}, nil }, "public")
	if err != nil || len(values) != 0 {
		t.Errorf("%v, %v", values, err)
	}
}

func TestDamagedTokensAreNotRead(t *testing.T) {
	for _, token := range []string{"", "gAAA", "!", oldToken[:len(oldToken)-4], "h" + oldToken[1:], strings.Replace(oldToken, "CSKj", "CSKk", 1)} {
		if plain, err := fernetOpen(oldWebhookKey, []byte(token)); !errors.Is(err, errUnreadable) {
			t.Errorf("%q: %q, %v", token, plain, err)
		}
	}
	for _, length := range []int{0, 1, 15, 16, 17, 1000} {
		plain := strings.Repeat("x", length)
		token, err := fernetSeal(newWebhookKey, []byte(plain))
		if err != nil {
			t.Fatal(err)
		}
		if found, err := fernetOpen(newWebhookKey, token); err != nil || string(found) != plain {
			t.Errorf("%d: %v", length, err)
		}
	}
}
