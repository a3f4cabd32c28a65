using Httpmq.Api.Access;
using Httpmq.Api.Hosting.Configuration;
using Httpmq.Api.Http;
using Httpmq.Api.RateLimits;

namespace Httpmq.Api.Hosting;

/// <summary>
/// Reads the configuration file again when it has changed, and takes over its keys, roles, rate limits and level of the log. A file that
/// is wrong changes nothing, and the log says so. One that has no section about access any more leaves that as it was, because else
/// everything would be open.
/// </summary>
/// <param name="file">The configuration file.</param>
/// <param name="access">What it says of access at the start: also the files that it names are compared. Null: nothing.</param>
/// <param name="read">Reads the whole configuration, as at the start.</param>
/// <param name="callers">Who gets the new keys and roles; null: everybody may do everything.</param>
/// <param name="rates">Gets the new rate limits.</param>
/// <param name="log">Gets the new level.</param>
/// <param name="logger">Is told what was taken over.</param>
internal sealed class AccessReload(
    string file,
    AccessSettings? access,
    Func<CommandLineResult> read,
    ConfiguredCallers? callers,
    RateLimiter rates,
    ProcessLog log,
    ILogger<AccessReload> logger)
{
    /// <summary>How often the file is compared.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private const string KeysAndRoles = "keys and roles";

    private AccessSettings? _access = access;

    // None at first: the file was read before all else was started, and may have changed since. Its time would not tell: a mounted file may
    // be replaced by another of any time.
    private Content? _known;

    // What is new may be half written, and a part of a file may be valid: it counts when it is the same the next time. So does a file that
    // is gone: it may be about to be replaced.
    private Content? _unsettled;

    /// <summary>Compares until it is cancelled.</summary>
    public async Task RunAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        using var ticks = new PeriodicTimer(Interval, time);
        try
        {
            while (await ticks.WaitForNextTickAsync(cancellationToken))
            {
                CompareOnce();
            }
        }
        catch (OperationCanceledException)
        {
            // The process ends.
        }
    }

    /// <summary>Takes over what is new in the files and was the same at the last comparison.</summary>
    public void Compare()
    {
        var content = Content.Of(file, _access);
        if (_known is null ? content.IsPartial : content.IsSame(_known))
        {
            (_known, _unsettled) = (content, null);
            return;
        }

        if (_unsettled is null || !content.IsSame(_unsettled))
        {
            _unsettled = content;
            return;
        }

        _unsettled = null;
        _known = content;
        switch (read())
        {
            case CommandLineResult.Run { Settings.Access: null } when callers is not null:
                // It may be the half of a file, and what it limits and logs may stand in the other half.
                ReplaceAccess(replaced: null);
                break;
            case CommandLineResult.Run { Settings: var settings }:
                ReplaceLevel(settings.Log.Level);
                ReplaceRates(settings.RateLimits);
                ReplaceAccess(settings.Access);
                break;
            case CommandLineResult.Exit { Text: var text }:
                logger.AccessKept(file, "settings", text.ReplaceLineEndings("; "));
                break;
        }
    }

    private void CompareOnce()
    {
        try
        {
            Compare();
        }
        catch (Exception exception)
        {
            // Whatever it is, the next change has its turn.
            logger.AccessKept(file, "settings", exception.Message.ReplaceLineEndings("; "));
        }
    }

    private void ReplaceLevel(LogLevel level)
    {
        if (log.Replace(level))
        {
            logger.LevelReplaced(file, SettingRules.NameOf(level));
        }
    }

    private void ReplaceRates(RateLimitSettings? settings)
    {
        if (rates.Replace(settings))
        {
            logger.RateLimitsReplaced(file, settings is null ? "nothing is limited any more" : "they hold from now on");
        }
    }

    private void ReplaceAccess(AccessSettings? replaced)
    {
        switch (callers, replaced)
        {
            case (null, null):
                break;
            case (null, not null):
                logger.AccessKept(
                    file,
                    KeysAndRoles,
                    $"there was no section {AccessDeclaration.Section} at the start, and all is open: start again");
                break;
            case (not null, null):
                logger.AccessKept(
                    file, KeysAndRoles, $"it has no section {AccessDeclaration.Section} any more; to open everything, start again");
                break;
            default:
                var isSame = _access is not null && replaced.IsSame(_access);
                callers.Replace(replaced);
                _access = replaced;
                if (!isSame)
                {
                    logger.AccessReplaced(file, replaced.ApiKeys.Count, replaced.Roles.Count);
                }

                break;
        }
    }

    /// <summary>What the files hold.</summary>
    private sealed record Content(IReadOnlyList<byte[]?> Files)
    {
        public static Content Of(string file, AccessSettings? access) =>
            new([Read(file), .. (access?.Tokens ?? []).Select(static issuer => issuer.KeysFile).OfType<string>().Select(Read)]);

        /// <summary>Whether the configuration cannot be read, or one of the files not again, as a pipe, which has no length.</summary>
        public bool IsPartial => Files[0] is null || Files.Any(static bytes => bytes is []);

        public bool IsSame(Content other) =>
            Files.Count == other.Files.Count && Files.Zip(other.Files).All(static pair => pair.First.AsSpan().SequenceEqual(pair.Second));

        private static byte[]? Read(string file)
        {
            try
            {
                // What has no end, such as a named pipe, has no length either, and must not be waited for.
                var target = File.ResolveLinkTarget(file, returnFinalTarget: true) ?? new FileInfo(file);
                return target is FileInfo { Length: 0 } ? [] : File.ReadAllBytes(file);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                return null;
            }
        }
    }
}
