using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Httpmq.Testing;

/// <summary>What a process does with a signal is inherited where it is to ignore it.</summary>
internal static partial class SignalDisposition
{
    private const nint Default = 0;
    private const nint Ignore = 1;

    // More than any system's struct sigaction, which begins with the handler.
    private const int ActionBytes = 512;

    private static readonly Lock Gate = new();

    /// <summary>
    /// Starts a program that is to heed this signal, also where this process ignores it, as the background jobs of scripts ignore SIGINT.
    /// </summary>
    public static unsafe void StartUnignored(Process process, int signal)
    {
        if (OperatingSystem.IsWindows())
        {
            process.Start();
            return;
        }

        // One at a time: each puts it back.
        lock (Gate)
        {
            var action = stackalloc byte[ActionBytes];
            var ignores = Ask(signal, 0, action) == 0 && *(nint*)action == Ignore;
            if (ignores)
            {
                Set(signal, Default);
            }

            try
            {
                process.Start();
            }
            finally
            {
                if (ignores)
                {
                    Set(signal, Ignore);
                }
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "sigaction")]
    private static unsafe partial int Ask(int signal, nint action, byte* current);

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint Set(int signal, nint handler);
}
