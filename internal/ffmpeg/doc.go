// Package ffmpeg supervises child processes: it starts them, feeds those that read, hands out their output, keeps the tail of what they
// complain about, and sees to it that nothing of them is left behind.
//
// A Runner belongs to one Client and shares nothing with another. Each child leads a process group of its own, in which it is killed
// together with everything it started, unless that has left the group. On Linux a child also dies with the program that started it,
// however that ends (what the child itself has started then does not); on Windows a job object does the same for both. Elsewhere only Stop,
// its context and Close end it. On Linux what a child may use up can be limited (Config.ProcessLimits), and when memory runs out the kernel ends a
// child before the program. docs/PLATFORMS.md compares the systems.
//
// A program that only writes is over when it closes its outputs. One that reads lives for as long as it is fed, for hours and without a
// byte of output if need be, and is ended by Finish, which lets it write its last, or by Stop, which does not.
//
// The package knows no ffmpeg option. Which arguments to give is the business of package media.
package ffmpeg
