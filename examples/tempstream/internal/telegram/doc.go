// Package telegram is the operators' side of the service: a Telegram bot that makes links, lists them and switches them off.
//
// It knows nothing of the database or of the media server. What it commands is the interface Links, which the service implements.
package telegram
