using Httpmq.Api.Hosting.Configuration;
using Httpmq.Api.Http;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Httpmq.Api.Hosting;

/// <summary>
/// How the process logs, for all of its hosts. The level may change while they run: their loggers take it over, and asking one whether it
/// is enabled costs as much as before.
/// </summary>
/// <param name="settings">What holds at the start.</param>
internal sealed class ProcessLog(LogSettings settings)
    : IConfigureOptions<LoggerFilterOptions>, IOptionsChangeTokenSource<LoggerFilterOptions>
{
    private ConfigurationReloadToken _change = new();
    private volatile LogLevel _level = settings.Level;

    /// <summary>One JSON object per line instead of text.</summary>
    public bool Json => settings.Json;

    string IOptionsChangeTokenSource<LoggerFilterOptions>.Name => Options.DefaultName;

    /// <summary>Writes from now on what has at least this level.</summary>
    /// <returns>Whether it was another before.</returns>
    public bool Replace(LogLevel level)
    {
        if (level == _level)
        {
            return false;
        }

        _level = level;
        Interlocked.Exchange(ref _change, new ConfigurationReloadToken()).OnReload();
        return true;
    }

    public IChangeToken GetChangeToken() => Volatile.Read(ref _change);

    public void Configure(LoggerFilterOptions options)
    {
        var level = _level;
        options.MinLevel = level;

        // The framework tells at "info" what the access line tells already; its libraries speak up from "warn" on.
        var others = level < LogLevel.Warning ? LogLevel.Warning : level;
        options.AddFilter("Microsoft", others);
        options.AddFilter("System", others);

        // Where there is an audit log, it is written at any level; and so is what changed because a file did.
        options.AddFilter(AuditLog.Category, LogLevel.Information);
        options.AddFilter(typeof(AccessReload).FullName, LogLevel.Information);

        // While somebody listens here, the framework makes an activity for each request.
        options.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);

        // A host that cannot start is told in one line, and so is the state of the connection to NATS.
        options.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        options.AddFilter("NATS", level == LogLevel.Debug ? LogLevel.Information : LogLevel.None);
    }
}
