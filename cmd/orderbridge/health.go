package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/spf13/cobra"

	"github.com/orderbridge/orderbridge/worker"
)

// healthTimeout is longer than /readyz takes at most, and shorter than what
// container platforms wait for a health check.
const healthTimeout = 4 * time.Second

// maxHealthAnswer is far more than /readyz has to say.
const maxHealthAnswer = 64 << 10

func newHealthCommand(environ []string) *cobra.Command {
	var (
		live bool
		url  string
	)
	cmd := &cobra.Command{
		Use:   "health",
		Short: "Ask a running process on this machine whether it is ready",
		Long: `Ask a running process on this machine whether it is ready, at the address that
ORDERBRIDGE_OPS_ADDRESS gives it. The status is 0 if it is, and 1 if it is not or
does not answer within four seconds; then what is missing is printed.

It is the health check of container images, which have no shell to ask with. With
--live it asks only whether the process is alive, whatever it depends on: that is
the question to answer with a restart.`,
		Example: `  orderbridge health
  orderbridge health --live
  orderbridge health --url http://10.0.0.5:9464`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			base := strings.TrimRight(url, "/")
			if base == "" {
				var err error
				if base, err = opsURL(environ); err != nil {
					return err
				}
			}
			path := "/readyz"
			if live {
				path = "/healthz"
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), healthTimeout)
			defer cancel()
			if err := askHealth(ctx, base+path); err != nil {
				return err
			}
			_, err := fmt.Fprintln(cmd.OutOrStdout(), "ok")
			return err
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&live, "live", false, "ask only whether the process is alive")
	flags.StringVar(&url, "url", "", "ask at this `address` instead, for example http://10.0.0.5:9464")
	return cmd
}

// opsURL returns where a process with this environment answers operators. An
// address that stands for all of the machine's is asked on its loopback.
func opsURL(environ []string) (string, error) {
	config, err := env.ParseAsWithOptions[worker.Config](env.Options{Environment: env.ToMap(environ)})
	if err != nil {
		return "", err
	}
	if err := config.Validate(); err != nil {
		return "", err
	}
	if config.OpsAddress == worker.Off {
		return "", errors.New("ORDERBRIDGE_OPS_ADDRESS is off, so there is nothing to ask: give it an address, or name the process with --url")
	}
	host, port, err := net.SplitHostPort(config.OpsAddress)
	if err != nil {
		return "", err
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		loopback := net.IPv4(127, 0, 0, 1)
		if ip != nil && ip.To4() == nil {
			loopback = net.IPv6loopback
		}
		host = loopback.String()
	}
	return "http://" + net.JoinHostPort(host, port), nil
}

// askHealth returns nil if the answer at url is 200, and otherwise what the
// answer says is missing.
func askHealth(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return fmt.Errorf("ask %s: %w", url, err)
	}
	// Its own transport: the question goes to this machine, through no proxy.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("no answer: %w: check that the process runs, and ORDERBRIDGE_OPS_ADDRESS", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode == http.StatusOK {
		return nil
	}
	var answer struct {
		Checks []struct {
			Name    string `json:"name"`
			Ready   bool   `json:"ready"`
			Message string `json:"message"`
		} `json:"checks"`
	}
	// An answer of another kind is reported by its status alone.
	_ = json.NewDecoder(io.LimitReader(response.Body, maxHealthAnswer)).Decode(&answer)
	missing := []string{fmt.Sprintf("not ready: %s answers %d", url, response.StatusCode)}
	for _, check := range answer.Checks {
		if !check.Ready {
			missing = append(missing, fmt.Sprintf("%s: %s", check.Name, check.Message))
		}
	}
	return errors.New(strings.Join(missing, "\n"))
}
