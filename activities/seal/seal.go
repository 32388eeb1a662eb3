// Package seal encrypts credentials before they leave the process, so that
// neither Temporal nor anybody who reads its histories sees them.
package seal

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"gocloud.dev/secrets"
	"gocloud.dev/secrets/localsecrets"
)

// Sealed is an encrypted secret. It prints as "[sealed]"; in JSON it is the
// base64 text of the ciphertext.
type Sealed []byte

// String implements fmt.Stringer without giving anything away.
func (Sealed) String() string { return "[sealed]" }

// GoString implements fmt.GoStringer without giving anything away.
func (Sealed) GoString() string { return "seal.Sealed([sealed])" }

// LogValue implements slog.LogValuer without giving anything away.
func (Sealed) LogValue() slog.Value { return slog.StringValue("[sealed]") }

var (
	_ fmt.Stringer   = Sealed(nil)
	_ slog.LogValuer = Sealed(nil)
)

// Keeper seals and opens secrets.
type Keeper struct {
	keeper *secrets.Keeper
}

// MasterKeySize is the length of a master key in bytes.
const MasterKeySize = 32

// keyPurpose separates the sealing key from every other key that is derived
// from the same master key.
const keyPurpose = "orderbridge seal v1"

// NewLocal returns a Keeper whose key is derived from the master key, which
// must be MasterKeySize random bytes.
func NewLocal(masterKey []byte) (*Keeper, error) {
	if len(masterKey) != MasterKeySize {
		return nil, fmt.Errorf("master key has %d bytes, want %d", len(masterKey), MasterKeySize)
	}
	derived, err := hkdf.Key(sha256.New, masterKey, nil, keyPurpose, MasterKeySize)
	if err != nil {
		return nil, fmt.Errorf("derive sealing key: %w", err)
	}
	return &Keeper{keeper: localsecrets.NewKeeper([32]byte(derived))}, nil
}

// Seal encrypts a secret. An empty secret stays empty.
func (k *Keeper) Seal(ctx context.Context, plain string) (Sealed, error) {
	if plain == "" {
		return nil, nil
	}
	cipher, err := k.keeper.Encrypt(ctx, []byte(plain))
	if err != nil {
		return nil, fmt.Errorf("seal secret: %w", err)
	}
	return cipher, nil
}

// ErrCannotOpen means that a secret was sealed with another key, or damaged.
var ErrCannotOpen = errors.New("sealed secret cannot be opened with this master key; " +
	"start with the key that sealed it, or save the credentials again")

// Open decrypts a secret. It fails with ErrCannotOpen for one that was sealed
// with another key.
func (k *Keeper) Open(ctx context.Context, sealed Sealed) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	plain, err := k.keeper.Decrypt(ctx, sealed)
	if err != nil {
		if ctx.Err() != nil {
			return "", fmt.Errorf("open secret: %w", ctx.Err())
		}
		return "", ErrCannotOpen
	}
	return string(plain), nil
}

// Close releases what the Keeper holds.
func (k *Keeper) Close() error {
	if err := k.keeper.Close(); err != nil && !strings.Contains(err.Error(), "closed") {
		return fmt.Errorf("close keeper: %w", err)
	}
	return nil
}
