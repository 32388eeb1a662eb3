package seal

import (
	"context"
	"net/url"
	"regexp"

	"gocloud.dev/gcp"
	"gocloud.dev/secrets"
	"gocloud.dev/secrets/awskms"
	"gocloud.dev/secrets/azurekeyvault"
	"gocloud.dev/secrets/gcpkms"
)

// service is a kind of key service that a URL can name.
type service struct {
	// key matches the key, which is the host and the path of the URL, and
	// looks says what it must look like.
	key   *regexp.Regexp
	looks string
	// parameters matches the names of the query parameters that there are.
	parameters *regexp.Regexp
	// open prepares a key, and asks nobody.
	open func(ctx context.Context, u *url.URL) (*secrets.Keeper, error)
	// dial takes the place of open where preparing a key may ask somebody.
	dial func(ctx context.Context, u *url.URL) (*secrets.Keeper, func() error, error)
}

// services are the key services by the schemes of their URLs.
var services = map[string]service{
	awskms.Scheme: {
		key:   regexp.MustCompile(`^[\w:/.-]+$`),
		looks: "the id of a key, alias/NAME, or with a third slash an ARN",
		parameters: regexp.MustCompile(`^(?:region|profile|role|endpoint|hostname_immutable|anonymous|dualstack|fips|` +
			`rate_limiter_capacity|context_.+)$`),
		open: new(awskms.URLOpener).OpenKeeperURL,
	},
	azurekeyvault.Scheme: {
		// Without a version it would be the latest, which does not open what
		// an earlier one sealed.
		key:        regexp.MustCompile(`^[\w-]+\.vault\.[a-z0-9.-]+/keys/[\w-]+/\w+$`),
		looks:      "VAULT.vault.azure.net/keys/KEY/VERSION",
		parameters: regexp.MustCompile(`^algorithm$`),
		open: func(ctx context.Context, u *url.URL) (*secrets.Keeper, error) {
			opener := azurekeyvault.URLOpener{ClientMaker: azurekeyvault.DefaultClientMaker}
			return opener.OpenKeeperURL(ctx, u)
		},
	},
	gcpkms.Scheme: {
		key:        regexp.MustCompile(`^projects/[^/]+/locations/[^/]+/keyRings/[^/]+/cryptoKeys/[^/]+$`),
		looks:      "projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY",
		parameters: regexp.MustCompile(`^additional_authenticated_data$`),
		dial:       dialGoogle,
	},
	vaultScheme: {
		key:        regexp.MustCompile(`^[\w.-]+$`),
		looks:      "the name of a key of the transit engine",
		parameters: regexp.MustCompile(`^(?:address|engine)$`),
		open:       openVault,
	},
}

// dialGoogle finds the credentials of this process, for which it may ask the
// machine that it runs on. The opener that gocloud.dev registers does so once,
// and remembers a failure for good.
func dialGoogle(ctx context.Context, u *url.URL) (*secrets.Keeper, func() error, error) {
	credentials, err := gcp.DefaultCredentials(ctx)
	if err != nil {
		return nil, nil, err
	}
	client, hangUp, err := gcpkms.Dial(ctx, credentials.TokenSource)
	if err != nil {
		return nil, nil, err
	}
	opener := gcpkms.URLOpener{Client: client}
	keeper, err := opener.OpenKeeperURL(ctx, u)
	if err != nil {
		hangUp()
		return nil, nil, err
	}
	return keeper, func() error { hangUp(); return nil }, nil
}
