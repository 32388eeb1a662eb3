package seal

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"sync"
	"time"

	"gocloud.dev/gcerrors"
	"gocloud.dev/secrets"
	"gocloud.dev/secrets/localsecrets"
)

// MasterKeySize is the length of a master key in bytes.
const MasterKeySize = 32

// keyPurpose separates the sealing key from every other key that is derived
// from the same master key.
const keyPurpose = "orderbridge seal v1"

// callTimeout bounds one call of a key service.
const callTimeout = 10 * time.Second

// key is one key: a local one, or one that a key service keeps for us.
type key struct {
	// service is the scheme of the URL of a remote key, and empty for a local
	// one.
	service string
	// mark is put before what a remote key sealed.
	mark    mark
	timeout time.Duration

	// dial connects to the key service. It is called when the key is first
	// needed, and again after it failed.
	dial func(ctx context.Context) (*secrets.Keeper, func() error, error)

	mu     sync.Mutex
	keeper *secrets.Keeper
	hangUp func() error
	closed bool
}

// derive returns the local key that belongs to a master key.
func derive(masterKey []byte) (*key, error) {
	if len(masterKey) != MasterKeySize {
		return nil, fmt.Errorf("it has %d bytes, want %d", len(masterKey), MasterKeySize)
	}
	derived, err := hkdf.Key(sha256.New, masterKey, nil, keyPurpose, MasterKeySize)
	if err != nil {
		return nil, fmt.Errorf("derive sealing key: %w", err)
	}
	return localKey([32]byte(derived)), nil
}

func localKey(secret [32]byte) *key {
	return &key{keeper: localsecrets.NewKeeper(secret)}
}

func (k *key) remote() bool { return k.service != "" }

func (k *key) encrypt(ctx context.Context, plain []byte) ([]byte, error) {
	cipher, err := k.call(ctx, func(ctx context.Context, keeper *secrets.Keeper) ([]byte, error) {
		return keeper.Encrypt(ctx, plain)
	})
	if err != nil && ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if gcerrors.Code(err) == gcerrors.InvalidArgument {
		return nil, fmt.Errorf("%s refuses it: check the URL of the key, and whether the secret is too long for it", k.service)
	}
	return cipher, k.explain(err)
}

// decrypt fails with ErrCannotOpen or ErrUnavailable, or because ctx ended.
func (k *key) decrypt(ctx context.Context, cipher []byte) ([]byte, error) {
	plain, err := k.call(ctx, func(ctx context.Context, keeper *secrets.Keeper) ([]byte, error) {
		return keeper.Decrypt(ctx, cipher)
	})
	if err != nil && (!k.remote() || gcerrors.Code(err) == gcerrors.InvalidArgument) {
		return nil, ErrCannotOpen
	}
	return plain, k.explain(err)
}

var errClosed = errors.New("the keeper is closed")

func (k *key) call(ctx context.Context, f func(context.Context, *secrets.Keeper) ([]byte, error)) ([]byte, error) {
	keeper, err := k.connect(ctx)
	if err != nil {
		return nil, err
	}
	if k.remote() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, k.timeout)
		defer cancel()
	}
	return f(ctx, keeper)
}

func (k *key) connect(ctx context.Context) (*secrets.Keeper, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return nil, errClosed
	}
	if k.keeper == nil {
		// What it returns lives longer than this call.
		keeper, hangUp, err := k.dial(context.WithoutCancel(ctx))
		if err != nil {
			return nil, err
		}
		k.keeper, k.hangUp = keeper, hangUp
	}
	return k.keeper, nil
}

func (k *key) close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.closed {
		return nil
	}
	k.closed = true
	var errs []error
	if k.keeper != nil {
		errs = append(errs, k.keeper.Close())
	}
	if k.hangUp != nil {
		errs = append(errs, k.hangUp())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close keeper: %w", err)
	}
	return nil
}

// mark identifies a remote key by its URL. It gives nothing away.
type mark [8]byte

// magic begins what a remote key sealed; the mark of the key follows, and then
// what the key service returned.
var magic = []byte("obk1")

func markOf(canonicalURL string) mark {
	sum := sha256.Sum256([]byte("orderbridge keeper v1\x00" + canonicalURL))
	return mark(sum[:len(mark{})])
}

func wrap(of mark, cipher []byte) Sealed {
	return bytes.Join([][]byte{magic, of[:], cipher}, nil)
}

func unwrap(sealed Sealed) (of mark, cipher []byte, ok bool) {
	rest, ok := bytes.CutPrefix(sealed, magic)
	if !ok || len(rest) < len(mark{}) {
		return mark{}, nil, false
	}
	return mark(rest[:len(mark{})]), rest[len(mark{}):], true
}
