package channelcmd

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/orderbridge/orderbridge/ingress/operator"
)

// secretFiles are the flags that say where secrets are. They come from files
// alone: arguments are visible to every user of a machine.
type secretFiles struct {
	accessToken, clientSecret, downstreamToken string
}

// store adds the flags of an API account; token says whose access token is in the
// file.
func (f *secretFiles) store(cmd *cobra.Command, token string) {
	flags := cmd.Flags()
	flags.StringVar(&f.accessToken, "access-token-file", "", "`file` with the "+token+"; - is standard input")
	flags.StringVar(&f.clientSecret, "client-secret-file", "",
		"`file` with the client secret of that account, with which signatures of callbacks are checked; \"\" forgets it")
}

// downstream adds the flag of the downstream token.
func (f *secretFiles) downstream(cmd *cobra.Command, token string) {
	cmd.Flags().StringVar(&f.downstreamToken, "downstream-token-file", "", "`file` with the "+token+"; - is standard input")
}

// read reads the secrets whose flags were given.
func (f *secretFiles) read(cmd *cobra.Command) (operator.Secrets, error) {
	var secrets operator.Secrets
	var errs []error
	stdin := ""
	for _, secret := range []struct {
		flag, path string
		optional   bool
		into       **string
	}{
		{"access-token-file", f.accessToken, false, &secrets.AccessToken},
		{"client-secret-file", f.clientSecret, true, &secrets.ClientSecret},
		{"downstream-token-file", f.downstreamToken, false, &secrets.DownstreamToken},
	} {
		flag := cmd.Flags().Lookup(secret.flag)
		switch {
		case flag == nil || !flag.Changed:
			continue
		case secret.path == "" && secret.optional:
			*secret.into = new(string)
			continue
		case secret.path == "-" && stdin != "":
			errs = append(errs, fmt.Errorf("--%s: standard input is that of --%s already", secret.flag, stdin))
			continue
		case secret.path == "-":
			stdin = secret.flag
		}
		value, err := readSecret(cmd.InOrStdin(), secret.path)
		if err != nil {
			errs = append(errs, fmt.Errorf("--%s: %w", secret.flag, err))
		}
		*secret.into = &value
	}
	return secrets, errors.Join(errs...)
}

// maxSecret is far more than any token has, in bytes.
const maxSecret = 64 << 10

// readSecret reads a file, or standard input, and cuts the space around what it
// holds.
func readSecret(stdin io.Reader, path string) (string, error) {
	in, name := stdin, "standard input"
	if path != "-" {
		file, err := os.Open(path) //nolint:gosec // the operator names the file
		if err != nil {
			return "", err
		}
		defer func() { _ = file.Close() }()
		in, name = file, path
	}
	content, err := io.ReadAll(io.LimitReader(in, maxSecret))
	if err != nil {
		return "", err
	}
	value := strings.TrimSpace(string(content))
	if value == "" {
		return "", fmt.Errorf("%s is empty", name)
	}
	return value, nil
}
