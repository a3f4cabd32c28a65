using Httpmq.Api.Access;
using Httpmq.Api.Hosting.Configuration;
using Httpmq.Api.Http;

namespace Httpmq.Api.Hosting;

/// <summary>
/// Reads the configuration file again when it has changed, and takes over its keys and roles. A file that is wrong changes nothing, and the
/// log says so; so does one that has no section about access any more, because that would open everything.
/// </summary>
/// <param name="file">The configuration file.</param>
/// <param name="access">What it says at the start: also the files that it names are compared.</param>
/// <param name="read">Reads the whole configuration, as at the start.</param>
/// <param name="callers">Who gets the new keys and roles.</param>
/// <param name="logger">The log.</param>
internal sealed class AccessReload(
    string file, AccessSettings access, Func<CommandLineResult> read, ConfiguredCallers callers, ILogger<AccessReload> logger)
{
    /// <summary>How often the file is compared.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // Read at once, before the file can change unseen. Its time alone would not do: a mounted file may be replaced by another of any time.
    private Content _known = Content.Of(file, access);

    /// <summary>Compares until it is cancelled.</summary>
    public async Task RunAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        using var ticks = new PeriodicTimer(Interval, time);
        try
        {
            while (await ticks.WaitForNextTickAsync(cancellationToken))
            {
                Compare();
            }
        }
        catch (OperationCanceledException)
        {
            // The process ends.
        }
    }

    /// <summary>Takes over what is new in the files.</summary>
    public void Compare()
    {
        var content = Content.Of(file, _known.Access);
        if (!content.IsComplete || content.IsSame(_known))
        {
            // A file that is not there is one that is being replaced.
            return;
        }

        _known = content;
        switch (read())
        {
            case CommandLineResult.Run { Settings.Access: { } replaced }:
                callers.Replace(replaced);
                _known = content with { Access = replaced };
                logger.AccessReplaced(file, replaced.ApiKeys.Count, replaced.Roles.Count);
                break;
            case CommandLineResult.Run:
                logger.AccessKept(file, $"it has no section {AccessDeclaration.Section} any more; to open everything, start again");
                break;
            case CommandLineResult.Exit { Text: var text }:
                logger.AccessKept(file, text.ReplaceLineEndings("; "));
                break;
        }
    }

    /// <summary>What the files hold.</summary>
    private sealed record Content(AccessSettings Access, IReadOnlyList<byte[]?> Files)
    {
        public bool IsComplete => !Files.Contains(null);

        public static Content Of(string file, AccessSettings access) =>
            new(access, [Read(file), .. access.Tokens.Select(static issuer => issuer.KeysFile).OfType<string>().Select(Read)]);

        public bool IsSame(Content other) =>
            Files.Count == other.Files.Count && Files.Zip(other.Files).All(static pair => pair.First.AsSpan().SequenceEqual(pair.Second));

        private static byte[]? Read(string file)
        {
            try
            {
                return File.ReadAllBytes(file);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }
    }
}
