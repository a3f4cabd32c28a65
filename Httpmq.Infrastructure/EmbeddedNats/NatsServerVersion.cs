using System.ComponentModel;
using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Httpmq.Infrastructure.EmbeddedNats;

/// <summary>
/// Which nats-server a program is, before it is started: its configuration depends on it, and an older server silently drops what a
/// newer one has stored.
/// </summary>
internal static partial class NatsServerVersion
{
    private static readonly TimeSpan TimeLimit = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Such as <c>2.10.27</c>; null when the program does not say within 5 s, or <paramref name="limit"/> where that is less.
    /// </summary>
    public static async Task<string?> AskAsync(string executable, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        waiting.CancelAfter(limit < TimeLimit ? limit : TimeLimit);
        try
        {
            using var process = Process.Start(new ProcessStartInfo(executable, ["--version"])
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            try
            {
                var text = await process.StandardOutput.ReadToEndAsync(waiting.Token);
                return Form.Match(text) is { Success: true } match ? match.Groups["version"].Value : null;
            }
            finally
            {
                process.Kill();
            }
        }
        catch (Exception failure) when (failure is Win32Exception or IOException or InvalidOperationException
            || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // The start that follows says what is wrong with the program.
            return null;
        }
    }

    [GeneratedRegex(
        @"\bv(?<version>\d+\.\d+\.\d+\S*)", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Form { get; }
}
