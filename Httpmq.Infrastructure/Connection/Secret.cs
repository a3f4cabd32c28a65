namespace Httpmq.Infrastructure.Connection;

/// <summary>
/// A password, a token, a seed or credentials: a text, or a file that holds it. A file is read again whenever the secret is needed, so
/// that a renewed one counts. It never becomes a text by accident.
/// </summary>
public sealed class Secret
{
    private readonly string? _text;
    private readonly string? _file;

    private Secret(string? text, string? file) => (_text, _file) = (text, file);

    /// <summary>The secret itself.</summary>
    public static Secret OfText(string text) => new(text, null);

    /// <summary>The path of a file that holds it; line ends after it do not belong to it.</summary>
    public static Secret InFile(string path) => new(null, path);

    /// <summary>Where it is, never what it is.</summary>
    public override string ToString() => _file ?? "***";

    /// <summary>The secret as it is now.</summary>
    /// <exception cref="ConnectRefusedException">The file cannot be read, or is empty.</exception>
    internal async ValueTask<string> ReadAsync(CancellationToken cancellationToken)
    {
        if (_text is not null)
        {
            return _text;
        }

        try
        {
            var text = (await File.ReadAllTextAsync(_file!, cancellationToken)).TrimEnd('\r', '\n');
            return text.Length > 0 ? text : throw new ConnectRefusedException($"'{_file}' is empty");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ConnectRefusedException($"'{_file}' {SecretFile.ReasonOf(exception)}", exception);
        }
    }
}
