package process

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/orderbridge/orderbridge/activities/callback"
	"github.com/orderbridge/orderbridge/activities/seal"
)

func (c Config) masterKeyMistake() error {
	_, err := c.masterKey()
	return err
}

// keysMistake returns what is wrong with the keys other than the master key,
// every mistake at once.
func (c Config) keysMistake() error {
	_, err := c.previousMasterKeys()
	mistakes := []error{err}
	if c.KeeperURL != "" {
		if err := seal.CheckURL(c.KeeperURL); err != nil {
			mistakes = append(mistakes, fmt.Errorf("ORDERBRIDGE_KEEPER_URL: %w", err))
		}
	}
	for i, url := range list(c.PreviousKeeperURLs) {
		if err := seal.CheckURL(url); err != nil {
			mistakes = append(mistakes, fmt.Errorf("ORDERBRIDGE_PREVIOUS_KEEPER_URLS, number %d: %w", i+1, err))
		}
	}
	return errors.Join(mistakes...)
}

// masterKey returns the decoded key. Its errors never quote it.
func (c Config) masterKey() ([]byte, error) {
	const hint = "make one with: head -c 32 /dev/urandom | base64"
	if c.MasterKey == "" {
		return nil, fmt.Errorf("ORDERBRIDGE_MASTER_KEY is missing (or ORDERBRIDGE_MASTER_KEY_FILE); %s", hint)
	}
	key, ok := decodeKey(strings.TrimSpace(c.MasterKey))
	if !ok {
		return nil, fmt.Errorf("ORDERBRIDGE_MASTER_KEY must be the base64 of %d random bytes; %s", seal.MasterKeySize, hint)
	}
	return key, nil
}

// previousMasterKeys returns the decoded keys, or every mistake at once. Its
// errors never quote a key.
func (c Config) previousMasterKeys() ([][]byte, error) {
	var keys [][]byte
	var mistakes []error
	for i, text := range list(c.PreviousMasterKeys) {
		key, ok := decodeKey(text)
		if !ok {
			mistakes = append(mistakes, fmt.Errorf("ORDERBRIDGE_PREVIOUS_MASTER_KEYS, number %d, must be the base64 of %d random bytes",
				i+1, seal.MasterKeySize))
			continue
		}
		keys = append(keys, key)
	}
	return keys, errors.Join(mistakes...)
}

func decodeKey(text string) ([]byte, bool) {
	key, err := base64.StdEncoding.DecodeString(text)
	return key, err == nil && len(key) == seal.MasterKeySize
}

// list splits a variable that holds several values.
func list(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
}

// Secrets returns the secrets of callbacks that belong to the master keys.
func (c Config) Secrets() (*callback.Secrets, error) {
	key, err := c.masterKey()
	if err != nil {
		return nil, err
	}
	previous, err := c.previousMasterKeys()
	if err != nil {
		return nil, err
	}
	return callback.NewSecrets(key, previous...)
}

// Keeper returns what seals and opens credentials. No key service need be there
// yet. Close it when it is not needed any more.
func (c Config) Keeper(ctx context.Context) (*seal.Keeper, error) {
	key, err := c.masterKey()
	if err != nil {
		return nil, err
	}
	previous, err := c.previousMasterKeys()
	if err != nil {
		return nil, err
	}
	keeper, err := seal.Open(ctx, seal.Config{
		URL: c.KeeperURL, MasterKey: key, PreviousURLs: list(c.PreviousKeeperURLs), PreviousMasterKeys: previous,
	})
	if err != nil {
		return nil, fmt.Errorf("ORDERBRIDGE_KEEPER_URL or ORDERBRIDGE_PREVIOUS_KEEPER_URLS: %w", err)
	}
	return keeper, nil
}
