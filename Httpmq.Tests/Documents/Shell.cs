using System.Diagnostics;
using System.Globalization;
using System.Threading.Channels;
using Httpmq.Tests.Support;

namespace Httpmq.Tests.Documents;

/// <summary>
/// Runs the commands of a document in an empty folder, against a gateway in place of the one on ports 3000 and 3001. What a subscriber
/// (<c>curl -N</c>) prints is read as it comes, and it goes on until the shell is left, as in a terminal of its own.
/// </summary>
internal sealed class Shell(Gateway gateway) : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("httpmq-document-");
    private readonly List<Process> _subscribers = [];

    /// <summary>Runs the commands, and holds what they print against what is shown.</summary>
    public async Task RunAsync(DocumentedCommands documented)
    {
        var printed = new List<string>();
        foreach (var command in documented.Commands)
        {
            var shown = documented.Output?.Skip(printed.Count).ToArray();
            printed.AddRange(IsSubscriber(command)
                ? await SubscribeAsync(command, shown?.Length ?? 1)
                : await CallAsync(command, expectsFailure: shown?.Any(IsFailure) ?? false));
        }

        if (documented.Output is { } output)
        {
            var match = printed.Count == output.Count
                && output.Zip(printed).All(static pair => MarkdownSession.IsAsShown(pair.First, pair.Second));
            Assert.That(
                match,
                $"line {documented.Line}: {string.Join('\n', documented.Commands)}\nshown:\n{string.Join('\n', output)}\n"
                    + $"printed:\n{string.Join('\n', printed)}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var subscriber in _subscribers)
        {
            subscriber.Kill(entireProcessTree: true);
            await subscriber.WaitForExitAsync();
            subscriber.Dispose();
        }

        _folder.Delete(recursive: true);
    }

    // The original program's session subscribes without -N.
    private static bool IsSubscriber(string command) => command.Contains("curl -N ", StringComparison.Ordinal)
        || command.Contains("?subject_name=", StringComparison.Ordinal);

    private static bool IsFailure(string line) => line.Contains("\"success\":false", StringComparison.Ordinal)
        || line.Contains("\"status\":", StringComparison.Ordinal);

    private async Task<IReadOnlyList<string>> CallAsync(string command, bool expectsFailure)
    {
        using var process = Start(command);
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync().WaitAsync(Eventually.TimeLimit);
        await process.WaitForExitAsync().WaitAsync(Eventually.TimeLimit);
        Assert.That(process.ExitCode, Is.Zero, $"{command}\n{output}\n{await errors}");
        Assert.That(expectsFailure || !IsFailure(output), $"{command}\n{output}");
        return output.Length == 0 ? [] : output.TrimEnd('\n').Split('\n');
    }

    private async Task<IReadOnlyList<string>> SubscribeAsync(string command, int lines)
    {
        var process = Start(command);
        _subscribers.Add(process);
        var printed = Channel.CreateUnbounded<string?>();
        process.OutputDataReceived += (_, line) => printed.Writer.TryWrite(line.Data);
        process.BeginOutputReadLine();
        var read = new List<string>();
        while (read.Count < lines)
        {
            var line = await printed.Reader.ReadAsync().AsTask().WaitAsync(Eventually.TimeLimit);
            read.Add(line ?? throw new AssertionException($"{command}\nended after\n{string.Join('\n', read)}"));
        }

        return read;
    }

    private Process Start(string command) => Process.Start(new ProcessStartInfo("bash", ["-o", "pipefail", "-c", Here(command)])
    {
        WorkingDirectory = _folder.FullName,
        UseShellExecute = false,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
        RedirectStandardInput = true,
    })!;

    /// <summary>
    /// The command with the gateway's ports. jq only formats, and is not there everywhere; into a pipe curl shows its progress, and
    /// collects what it prints.
    /// </summary>
    private string Here(string command) => command
        .Replace("127.0.0.1:3000", $"127.0.0.1:{Text(gateway.Management.Port)}", StringComparison.Ordinal)
        .Replace("127.0.0.1:3001", $"127.0.0.1:{Text(gateway.Dataplane.Port)}", StringComparison.Ordinal)
        .Replace(" | jq '.'", string.Empty, StringComparison.Ordinal)
        .Replace("curl ", "curl -sSN ", StringComparison.Ordinal);

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
