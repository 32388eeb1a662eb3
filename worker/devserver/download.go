package devserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"time"

	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
)

const (
	probeTimeout    = 5 * time.Second
	downloadTimeout = 5 * time.Minute // some 60 MB
)

// downloadURL is where the SDK asks for its download, as of v1.50.
func downloadURL() string {
	return "https://temporal.download/cli/default?" + url.Values{
		"platform": {runtime.GOOS}, "arch": {runtime.GOARCH}, "sdk-name": {"sdk-go"}, "sdk-version": {temporal.SDKVersion},
	}.Encode()
}

// download has the SDK fetch the official command and returns the file that the
// SDK leaves behind. Whether there is a network to do so is found out first, with
// a short time limit: the SDK itself has none, and would also write to our
// standard output.
func (f finder) download(ctx context.Context) (string, error) {
	if f.NoDownload {
		return "", errors.New("not wanted")
	}

	if err := f.probe(ctx); err != nil {
		return "", err
	}

	f.Progress("downloading the official Temporal command")

	path := f.downloadPath()

	ctx, cancel := context.WithTimeout(ctx, downloadTimeout)
	defer cancel()

	// The SDK forgets the server that it started if its context ends before the
	// server answers. So an interruption counts until the file is there.
	sdkCtx, sdkCancel := context.WithCancel(context.WithoutCancel(ctx))
	defer sdkCancel()

	stopWatching := context.AfterFunc(ctx, func() {
		if !isFile(path) {
			sdkCancel()
		}
	})
	defer stopWatching()

	server, err := testsuite.StartDevServer(sdkCtx, testsuite.DevServerOptions{
		CachedDownload: testsuite.CachedDownload{DestDir: f.CacheDir},
		ClientOptions:  &client.Options{Logger: sdklog.NewStructuredLogger(f.Logger)},
		LogLevel:       "error",
		Stdout:         io.Discard,
		Stderr:         io.Discard,
	})
	if err != nil {
		return "", fmt.Errorf("the SDK's download: %w", err)
	}

	server.Client().Close()

	if err := server.Stop(); err != nil {
		f.Logger.Warn("stop the downloaded Temporal server", "error", err)
	}

	if !isFile(path) {
		return "", fmt.Errorf("the SDK left no file %s", path)
	}

	return path, checkCommand(ctx, path)
}

// probe asks for the address of the download.
func (f finder) probe(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()

	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.infoURL, http.NoBody)
	if err != nil {
		return fmt.Errorf("ask for the download: %w", err)
	}

	res, err := (&http.Client{Timeout: probeTimeout}).Do(req)
	if err != nil {
		return err // It names the address.
	}
	defer func() { _ = res.Body.Close() }()

	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", req.URL.Host, res.Status)
	}

	return nil
}
