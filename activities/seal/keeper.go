package seal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
)

// Config says which keys a Keeper has.
type Config struct {
	// URL names the key that seals: see CheckURL. Empty means the key that is
	// derived from MasterKey.
	URL string
	// MasterKey is MasterKeySize random bytes. Whatever URL says, what the key
	// derived from it has sealed can be opened. Required.
	MasterKey []byte
	// PreviousURLs and PreviousMasterKeys are further keys that open, and
	// never seal.
	PreviousURLs       []string
	PreviousMasterKeys [][]byte
}

// String implements fmt.Stringer without giving anything away.
func (Config) String() string { return "[keys]" }

// GoString implements fmt.GoStringer without giving anything away.
func (Config) GoString() string { return "seal.Config([keys])" }

// LogValue implements slog.LogValuer without giving anything away.
func (Config) LogValue() slog.Value { return slog.StringValue("[keys]") }

// Keeper seals secrets with one key, and opens those that any of its keys has
// sealed. It is safe for concurrent use.
type Keeper struct {
	present *key
	// What is sealed by a local key says nothing of that key: to ask the wrong
	// one costs nothing. What is sealed by a remote key bears its mark.
	local, remote []*key
	opened        openings
}

// NewLocal returns a Keeper whose one key is derived from the master key,
// which must be MasterKeySize random bytes.
func NewLocal(masterKey []byte) (*Keeper, error) {
	return Open(context.Background(), Config{MasterKey: masterKey})
}

// Open returns a Keeper. It asks no key service: one that is out of reach is
// noticed when a secret is sealed or opened, and may be back by then. Its
// errors name the URL or the key that is wrong, and quote neither.
func Open(ctx context.Context, config Config) (*Keeper, error) {
	k := &Keeper{}
	var mistakes []error
	add := func(what string, one *key, err error) *key {
		if err != nil {
			mistakes = append(mistakes, fmt.Errorf("%s: %w", what, err))
			return nil
		}
		if one.remote() {
			k.remote = append(k.remote, one)
		} else {
			k.local = append(k.local, one)
		}
		return one
	}
	fromURL := func(what, url string) *key {
		one, err := openURL(ctx, url)
		return add(what, one, err)
	}
	fromMaster := func(what string, masterKey []byte) *key {
		one, err := derive(masterKey)
		return add(what, one, err)
	}
	if config.URL != "" {
		k.present = fromURL("keeper URL", config.URL)
	}
	master := fromMaster("master key", config.MasterKey)
	if config.URL == "" {
		k.present = master
	}
	for i, url := range config.PreviousURLs {
		fromURL(fmt.Sprintf("previous keeper URL %d", i+1), url)
	}
	for i, masterKey := range config.PreviousMasterKeys {
		fromMaster(fmt.Sprintf("previous master key %d", i+1), masterKey)
	}
	if len(mistakes) > 0 {
		return nil, errors.Join(append(mistakes, k.Close())...)
	}
	return k, nil
}

// Seal encrypts a secret with the present key. An empty secret stays empty. It
// fails with ErrUnavailable when the key service does not serve.
func (k *Keeper) Seal(ctx context.Context, plain string) (Sealed, error) {
	if plain == "" {
		return nil, nil
	}
	cipher, err := k.present.encrypt(ctx, []byte(plain))
	if err != nil {
		return nil, fmt.Errorf("seal secret: %w", err)
	}
	if k.present.remote() {
		return wrap(k.present.mark, cipher), nil
	}
	return cipher, nil
}

// Open decrypts a secret, whichever of its keys sealed it. It fails with
// ErrCannotOpen for one that none of them did, and with ErrUnavailable when
// that is not known because a key service does not serve.
func (k *Keeper) Open(ctx context.Context, sealed Sealed) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	// A local ciphertext begins with random bytes, so one in four thousand
	// million looks as if it bore a mark: local keys are always tried.
	plain, err := openAny(ctx, k.local, sealed)
	if !errors.Is(err, ErrCannotOpen) {
		return plain, err
	}
	of, cipher, ok := unwrap(sealed)
	if !ok || len(k.remote) == 0 {
		return "", err
	}
	return k.opened.get(ctx, sealed, func(ctx context.Context) (string, error) {
		return openAny(ctx, k.bearing(of), cipher)
	})
}

// bearing returns the remote keys that have the mark. A mark that none has may
// be that of a key whose URL is written in another way by now: then it may be
// any of them.
func (k *Keeper) bearing(of mark) []*key {
	for _, one := range k.remote {
		if one.mark == of {
			return []*key{one}
		}
	}
	return k.remote
}

// openAny opens a ciphertext with the first key that can.
func openAny(ctx context.Context, keys []*key, cipher []byte) (string, error) {
	result := ErrCannotOpen
	for _, one := range keys {
		plain, err := one.decrypt(ctx, cipher)
		switch {
		case err == nil:
			return string(plain), nil
		case ctx.Err() != nil:
			return "", fmt.Errorf("open secret: %w", ctx.Err())
		case errors.Is(err, ErrUnavailable):
			// It may be the one: another's "no" does not settle it.
			result = fmt.Errorf("open secret: %w", err)
		}
	}
	return "", result
}

// Current reports whether a secret is sealed with the present key. It asks no
// key service. An empty secret needs no key, so it is current.
func (k *Keeper) Current(ctx context.Context, sealed Sealed) (bool, error) {
	if len(sealed) == 0 {
		return true, nil
	}
	if k.present.remote() {
		of, _, ok := unwrap(sealed)
		return ok && of == k.present.mark, nil
	}
	_, err := openAny(ctx, []*key{k.present}, sealed)
	if errors.Is(err, ErrCannotOpen) {
		return false, nil
	}
	return err == nil, err
}

// Reseal returns a secret sealed with the present key; nil if it is already. It
// fails as Open and Seal do.
func (k *Keeper) Reseal(ctx context.Context, sealed Sealed) (Sealed, error) {
	if current, err := k.Current(ctx, sealed); current || err != nil {
		return nil, err
	}
	plain, err := k.Open(ctx, sealed)
	if err != nil {
		return nil, err
	}
	return k.Seal(ctx, plain)
}

// Close releases what the Keeper holds. A closed Keeper opens nothing.
func (k *Keeper) Close() error {
	k.opened.forget()
	keys := slices.Concat(k.local, k.remote)
	errs := make([]error, 0, len(keys))
	for _, one := range keys {
		errs = append(errs, one.close())
	}
	return errors.Join(errs...)
}

// String implements fmt.Stringer without giving anything away.
func (*Keeper) String() string { return "[keeper]" }

// GoString implements fmt.GoStringer without giving anything away.
func (*Keeper) GoString() string { return "&seal.Keeper([keeper])" }

// LogValue implements slog.LogValuer without giving anything away.
func (*Keeper) LogValue() slog.Value { return slog.StringValue("[keeper]") }
