package seal

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"

	"gocloud.dev/secrets"
	"gocloud.dev/secrets/localsecrets"
)

// Schemes returns what the URL of a key can begin with, in order.
func Schemes() []string {
	schemes := []string{localsecrets.Scheme + "://"}
	for scheme := range maps.Keys(services) {
		schemes = append(schemes, scheme+"://")
	}
	slices.Sort(schemes)
	return schemes
}

// CheckURL reports what is wrong with the URL of a key, as far as that can be
// known without asking anybody. Its errors never quote the URL, which may hold
// the key itself. Such a URL is one of
//
//	awskms://alias/NAME?region=REGION (or an id, or awskms:///ARN)
//	azurekeyvault://VAULT.vault.azure.net/keys/KEY/VERSION
//	base64key://KEY (the base64 of 32 random bytes)
//	gcpkms://projects/P/locations/L/keyRings/R/cryptoKeys/KEY
//	hashivault://KEY?address=https://VAULT:8200&engine=transit
//
// with the parameters that gocloud.dev/secrets documents for each. That of
// hashivault named address is ours: VAULT_ADDR can name one Vault alone.
func CheckURL(text string) error {
	scheme, key, _ := strings.Cut(text, "://")
	if scheme == localsecrets.Scheme {
		_, err := keyBytes(key)
		return err
	}
	_, _, err := parseURL(text)
	return err
}

// openURL returns the key that a URL names.
func openURL(ctx context.Context, text string) (*key, error) {
	if literal, ok := strings.CutPrefix(text, localsecrets.Scheme+"://"); ok {
		bytes, err := keyBytes(literal)
		if err != nil {
			return nil, err
		}
		return localKey(bytes), nil
	}
	u, service, err := parseURL(text)
	if err != nil {
		return nil, err
	}
	canonical := u.Scheme + "://" + keyName(u) + "?" + u.Query().Encode()
	k := &key{service: u.Scheme, mark: markOf(canonical), timeout: callTimeout}
	if service.dial != nil {
		k.dial = func(ctx context.Context) (*secrets.Keeper, func() error, error) { return service.dial(ctx, u) }
		return k, nil
	}
	if k.keeper, err = service.open(ctx, u); err != nil {
		reason := strings.ReplaceAll(firstLine(err), u.String(), u.Scheme+"://…")
		return nil, fmt.Errorf("%s cannot be used as it is set up: %s", u.Scheme, reason)
	}
	return k, nil
}

// parseURL reads the URL of a key that a key service keeps.
func parseURL(text string) (*url.URL, service, error) {
	u, err := url.Parse(text)
	if err != nil {
		return nil, service{}, fmt.Errorf("it is not a URL; it must begin with one of %s", strings.Join(Schemes(), ", "))
	}
	kind, ok := services[u.Scheme]
	if !ok {
		return nil, service{}, fmt.Errorf("it must begin with one of %s", strings.Join(Schemes(), ", "))
	}
	if u.User != nil || u.Fragment != "" {
		return nil, service{}, fmt.Errorf("%s takes no user, no password and no fragment: "+
			"credentials come from the environment", u.Scheme)
	}
	if !kind.key.MatchString(keyName(u)) {
		return nil, service{}, fmt.Errorf("after %s:// comes %s", u.Scheme, kind.looks)
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, service{}, fmt.Errorf("the parameters of %s cannot be read", u.Scheme)
	}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if !kind.parameters.MatchString(name) {
			return nil, service{}, fmt.Errorf("%s has no parameter %q", u.Scheme, name)
		}
	}
	return u, kind, nil
}

// keyName returns the name of the key that a URL names.
func keyName(u *url.URL) string { return strings.TrimPrefix(path.Join(u.Host, u.Path), "/") }

// keyBytes reads a key that is written out, in either alphabet of base64.
func keyBytes(literal string) ([32]byte, error) {
	for _, decode := range []func(string) ([32]byte, error){localsecrets.Base64Key, localsecrets.Base64KeyStd} {
		if key, err := decode(literal); err == nil {
			return key, nil
		}
	}
	return [32]byte{}, errors.New("after base64key:// comes the base64 of 32 random bytes")
}
