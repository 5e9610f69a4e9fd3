// Package attach keeps the policies of a folder in force on one running container, until it
// is told to stop or the container ends. A folder with a bad file changes nothing.
package attach
