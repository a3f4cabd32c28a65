using Httpmq.Api.Http;

namespace Httpmq.Api.Tls;

/// <summary>
/// What a port that speaks TLS shows its clients, and by whom it takes theirs. The files are compared once a second; what is new in them
/// holds for new connections. Files that are wrong change nothing, and the log says so once.
/// </summary>
internal sealed class TlsCertificates(TlsSettings settings, TimeProvider time, ILogger<TlsCertificates> logger) : BackgroundService
{
    /// <summary>How often the files are compared.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private volatile TlsIdentity? _current;
    private TlsFiles? _known;

    // One file is replaced after the other: what is wrong is worth a word only if it is still wrong the next time.
    private string? _suspected;
    private string? _reported;

    public TlsIdentity Current => _current ?? throw new InvalidOperationException("The certificates were not loaded.");

    /// <summary>Loads them for the first time.</summary>
    /// <exception cref="TlsException">They are of no use.</exception>
    public void Load()
    {
        if (!TryLoad(out var problem))
        {
            throw new TlsException(problem!);
        }
    }

    /// <summary>Takes over what is new in the files.</summary>
    public void Compare()
    {
        var files = TlsFiles.Read(settings, out var problem);
        if (files is not null && files.IsSame(_known))
        {
            (_suspected, _reported) = (null, null);
            return;
        }

        if (files is not null && Take(files, out problem))
        {
            logger.CertificateReplaced(settings.CertFile, Current.Certificate.TargetCertificate.NotAfter.ToUniversalTime());
            (_suspected, _reported) = (null, null);
            return;
        }

        var text = $"{problem!.Key}: {problem.Text}";
        if (string.Equals(text, _suspected, StringComparison.Ordinal) && !string.Equals(text, _reported, StringComparison.Ordinal))
        {
            logger.CertificateKept(text);
            _reported = text;
        }

        _suspected = text;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var ticks = new PeriodicTimer(Interval, time);
        try
        {
            while (await ticks.WaitForNextTickAsync(stoppingToken))
            {
                Compare();
            }
        }
        catch (OperationCanceledException)
        {
            // The host ends.
        }
    }

    private bool TryLoad(out TlsProblem? problem) => TlsFiles.Read(settings, out problem) is { } files && Take(files, out problem);

    private bool Take(TlsFiles files, out TlsProblem? problem)
    {
        if (TlsIdentity.Make(settings, files, time.GetUtcNow(), out problem) is not { } identity)
        {
            return false;
        }

        (_current, _known) = (identity, files);
        return true;
    }
}

/// <summary>A port cannot speak TLS.</summary>
internal sealed class TlsException(TlsProblem problem) : Exception(problem.Text)
{
    public TlsProblem Problem => problem;
}
