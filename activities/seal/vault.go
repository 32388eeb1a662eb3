package seal

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/hashicorp/vault/api"
	"gocloud.dev/gcerrors"
	"gocloud.dev/secrets"
)

const vaultScheme = "hashivault"

// openVault returns a key of Vault's transit engine. Address, token, namespace
// and certificates are read from the VAULT_… variables, as by the vault
// command.
//
// It is a driver of our own: the one of gocloud.dev for these URLs calls
// without the context, panics on an answer without the expected field, and
// carries the engine of one URL over to the next.
func openVault(_ context.Context, u *url.URL) (*secrets.Keeper, error) {
	config := api.DefaultConfig()
	if config.Error != nil {
		return nil, config.Error
	}
	switch address := u.Query().Get("address"); {
	case address != "":
		config.Address, config.AgentAddress = address, ""
	case os.Getenv(api.EnvVaultAddress) == "" && os.Getenv(api.EnvVaultAgentAddr) == "":
		return nil, errors.New("neither VAULT_ADDR nor the parameter address says where Vault is")
	}
	// Whoever asks for a secret tries again: no slot waits in between.
	config.MaxRetries = 0
	client, err := api.NewClient(config)
	if err != nil {
		return nil, errors.New("the address of Vault, or a VAULT_… variable, cannot be read")
	}
	engine := u.Query().Get("engine")
	if engine == "" {
		engine = "transit"
	}
	return secrets.NewKeeper(&transit{client: client, connections: config.HttpClient, engine: engine, key: keyName(u)}), nil
}

// transit implements driver.Keeper with Vault's transit engine.
type transit struct {
	client      *api.Client
	connections *http.Client
	engine, key string
}

// Encrypt returns the ciphertext as Vault writes it, for example
// "vault:v1:…", which names the version of the key.
func (t *transit) Encrypt(ctx context.Context, plain []byte) ([]byte, error) {
	cipher, err := t.call(ctx, "encrypt", map[string]any{"plaintext": base64.StdEncoding.EncodeToString(plain)}, "ciphertext")
	return []byte(cipher), err
}

// Decrypt takes what Encrypt returned.
func (t *transit) Decrypt(ctx context.Context, cipher []byte) ([]byte, error) {
	plain, err := t.call(ctx, "decrypt", map[string]any{"ciphertext": string(cipher)}, "plaintext")
	if err != nil {
		return nil, err
	}
	out, err := base64.StdEncoding.DecodeString(plain)
	if err != nil {
		return nil, errVaultAnswer
	}
	return out, nil
}

var errVaultAnswer = errors.New("the answer is not that of a transit engine: check the address of Vault")

func (t *transit) call(ctx context.Context, operation string, body map[string]any, field string) (string, error) {
	answer, err := t.client.Logical().WriteWithContext(ctx, t.engine+"/"+operation+"/"+t.key, body)
	if err != nil {
		return "", err
	}
	if answer == nil {
		return "", errVaultAnswer
	}
	value, ok := answer.Data[field].(string)
	if !ok {
		return "", errVaultAnswer
	}
	return value, nil
}

// Close implements driver.Keeper.
func (t *transit) Close() error {
	t.connections.CloseIdleConnections()
	return nil
}

// ErrorAs implements driver.Keeper.
func (*transit) ErrorAs(err error, target any) bool { return errors.As(err, target) }

// ErrorCode implements driver.Keeper. Vault answers 400 for a ciphertext that
// the key cannot open, but also where there is no such key, and where there is
// no token.
func (*transit) ErrorCode(err error) gcerrors.ErrorCode {
	answer, ok := errors.AsType[*api.ResponseError](err)
	if !ok {
		return gcerrors.Unknown
	}
	switch answer.StatusCode {
	case http.StatusBadRequest:
		switch says := strings.Join(answer.Errors, " "); {
		case strings.Contains(says, "encryption key not found"):
			return gcerrors.NotFound
		case strings.Contains(says, "missing client token"):
			return gcerrors.PermissionDenied
		default:
			return gcerrors.InvalidArgument
		}
	case http.StatusUnauthorized, http.StatusForbidden:
		return gcerrors.PermissionDenied
	case http.StatusNotFound:
		return gcerrors.NotFound
	case http.StatusTooManyRequests:
		return gcerrors.ResourceExhausted
	default:
		return gcerrors.Unknown
	}
}
