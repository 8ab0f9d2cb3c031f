package gateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxJSONDepth = 100
	// Keys of one object. Reading one with 100,000 takes ten times its length of memory; MLflow's messages have some twenty.
	maxJSONKeys = 2000
)

// parseObject reads a JSON object that all parsers read alike: valid UTF-8, no duplicate key, nothing after it. Its keys
// are names of fields and nothing else, because MLflow's libraries could take any other text for another name.
func parseObject(text []byte) (map[string]json.RawMessage, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("is not UTF-8")
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := checkValue(decoder, 0); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("has something after its end")
	}
	// null leaves the map nil, other values are an error.
	var object map[string]json.RawMessage
	if err := json.Unmarshal(text, &object); err != nil || object == nil {
		return nil, errors.New("is not an object")
	}
	for name := range object {
		if !isFieldName(name) {
			return nil, fmt.Errorf("has the key %q, which is no name of a field", name)
		}
	}
	return object, nil
}

// isFieldName tells whether a name has only the characters of a field of a message.
func isFieldName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

func checkValue(decoder *json.Decoder, depth int) error {
	if depth > maxJSONDepth {
		return errors.New("is nested too deep")
	}
	token, err := decoder.Token()
	if err != nil {
		return err
	}
	opening, isDelimiter := token.(json.Delim)
	if !isDelimiter {
		return nil
	}
	keys := make(map[string]bool)
	for decoder.More() {
		if opening == '{' {
			key, err := decoder.Token()
			if err != nil {
				return err
			}
			name, _ := key.(string)
			if strings.ContainsFunc(name, unicode.IsControl) {
				return fmt.Errorf("has a control character in the key %q", name)
			}
			if keys[name] {
				return fmt.Errorf("has the key %q twice", name)
			}
			keys[name] = true
			if len(keys) > maxJSONKeys {
				return errors.New("has an object with too many keys")
			}
		}
		if err := checkValue(decoder, depth+1); err != nil {
			return err
		}
	}
	_, err = decoder.Token()
	return err
}
