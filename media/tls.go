package media

import "os"

// caFiles are where systems keep the certificate authorities they trust, in one file.
var caFiles = []string{
	"/etc/ssl/certs/ca-certificates.crt",                // Debian, Ubuntu, Arch, Alpine
	"/etc/pki/tls/certs/ca-bundle.crt",                  // Fedora, RHEL
	"/etc/ssl/ca-bundle.pem",                            // openSUSE
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", // RHEL
	"/etc/ssl/cert.pem",                                 // macOS, BSD
}

// findCAFile returns the file ffmpeg is to check certificates with, or "" to leave it to ffmpeg. Builds with GnuTLS or a system's own TLS
// know where to look, those with OpenSSL do not and would trust nobody.
func findCAFile() string {
	if name := os.Getenv("SSL_CERT_FILE"); name != "" {
		return name
	}
	for _, name := range caFiles {
		if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
			return name
		}
	}
	return ""
}

// tlsFlags make ffmpeg check the certificate of the other side, with the authorities in caFile, or with those it knows if that is empty.
func tlsFlags(caFile string) []string {
	flags := []string{"-tls_verify", "1"}
	if caFile != "" {
		flags = append(flags, "-ca_file", caFile)
	}
	return flags
}
