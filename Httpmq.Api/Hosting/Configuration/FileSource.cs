using Httpmq.Api.Http;
using Httpmq.Domain.Naming;

namespace Httpmq.Api.Hosting.Configuration;

/// <summary>
/// Takes the values of known keys out of the file's tree. The catalogue leads the way, so that an unknown section is one warning and
/// not one per key, and a node that refers to itself (YAML can) is never followed.
/// </summary>
internal sealed class FileSource(string path, Catalogue catalogue, Reports reports)
{
    // A node of YAML may hold itself.
    private const int MaxUnknownDepth = 4;

    private readonly SettingsSource _source = new(path);

    internal static SettingsSource Read(string path, string subject, Catalogue catalogue, Reports reports)
    {
        var file = new FileSource(path, catalogue, reports);
        if (ConfigurationFile.Read(path, subject, reports, file.ReadUnused) is { IsNull: false } root)
        {
            if (root.Members is null)
            {
                reports.Problem(path, "holds no keys (expected something like 'nats:')");
            }

            file.ReadMembers("", root.Members ?? []);
        }

        return file._source;
    }

    private void ReadMembers(string section, IEnumerable<(string Key, FileNode Value)> members)
    {
        foreach (var (name, node) in members)
        {
            var member = section.Length == 0 ? name : $"{section}.{name}";
            if (catalogue.Find(member) is not ({ } key, var kind) || key.Count('[') != section.Count('['))
            {
                ReportUnknown(member, node);
            }
            else if (!node.IsNull || catalogue.FindStrict(key) is not null || catalogue.IsPresence(key))
            {
                ReadNode(key, kind, node);
            }
        }
    }

    private void ReportUnknown(string member, FileNode node)
    {
        var meant = catalogue.FindMeant(member);
        if (catalogue.FindStrict(member) is { } section)
        {
            reports.Problem(member, Catalogue.Unknown($"unknown key of {section}", meant), Origin(node));
            return;
        }

        reports.Unknown(member, meant, "unknown key", Origin(node));
        FindMisplaced(member, node, MaxUnknownDepth);
    }

    // An unknown section is one warning, but for what says who may do what.
    private void FindMisplaced(string section, FileNode node, int depth)
    {
        foreach (var (name, below) in depth is 0 ? [] : node.Members ?? [])
        {
            var member = $"{section}.{name}";
            if (catalogue.FindMisplaced(member) is { } meant)
            {
                reports.Unknown(member, meant, "unknown key", Origin(below));
                return;
            }

            FindMisplaced(member, below, depth - 1);
        }
    }

    private void ReadUnused(FileNode document)
    {
        foreach (var (name, node) in document.Members ?? [])
        {
            if ((catalogue.FindStrict(name) ?? catalogue.FindMeant(name)) is { } meant && catalogue.FindStrict(meant) is { } section)
            {
                reports.Problem(
                    name, $"stands in another YAML document than the first; without {section} in that everybody may do everything",
                    Origin(node));
            }
        }
    }

    private void ReadNode(string key, SettingKind kind, FileNode node)
    {
        if (_source.OriginOf(key) is not null)
        {
            reports.Problem(key, "is there twice", Origin(node));
            return;
        }

        switch (kind, node)
        {
            case (SettingKind.Section, { IsNull: true }) when catalogue.IsPresence(key) && catalogue.FindStrict(key) is null:
                _source.Add(key, "", Origin(node));
                break;
            case (SettingKind.Section, { Members: { } members }) when catalogue.MarksPresence(key):
                _source.Add(key, "", Origin(node));
                ReadMembers(key, members);
                break;
            case (SettingKind.Section, { Members: { } members }):
                ReadMembers(key, members);
                break;
            case (SettingKind.Named, { Members: { } members }):
                _source.Add(key, "", Origin(node));
                ReadNamed(key, members);
                break;
            case (SettingKind.Values, { Items: { } items })
                when items.FirstOrDefault(static item => item.Scalar?.Contains(',', StringComparison.Ordinal) is true) is { } joined:
                reports.Problem(key, $"{Found(key, joined)} has a comma, which separates the items of a list", Origin(joined));
                break;
            case (SettingKind.Value or SettingKind.Values, { Scalar: { } text }):
                _source.Add(key, text, Origin(node));
                break;
            case (SettingKind.Values, { Items: { } items }) when items.All(item => item.Scalar is not null):
                _source.Add(key, string.Join(',', items.Select(item => item.Scalar)), Origin(node));
                foreach (var (index, item) in items.Index())
                {
                    _source.AddOrigin($"{key}[{index}]", Origin(item));
                }

                break;
            case (SettingKind.Sections, { Items: { } items }):
                _source.Add(key, "", Origin(node));
                foreach (var (index, item) in items.Index())
                {
                    ReadNode($"{key}[{index}]", SettingKind.Section, item);
                    _source.Add($"{key}[{index}]", "", Origin(item));
                }

                break;
            default:
                reports.Problem(key, $"{Found(key, node)} stands where {Expected(kind)}", Origin(node));
                break;
        }
    }

    private void ReadNamed(string section, IEnumerable<(string Key, FileNode Value)> members)
    {
        foreach (var (name, node) in members)
        {
            if (!EntityName.IsValid(name))
            {
                reports.Problem(section, $"{PlainText.Quote(name)} is not a name of {EntityName.Rule}", Origin(node));
            }
            else
            {
                ReadNode($"{section}.{name}", SettingKind.Section, node);
            }
        }
    }

    // What is written in a wrong place of a section about access, or a login, may be a secret.
    private string Found(string key, FileNode node) =>
        node.Scalar is not null && (key is NatsAccess.Login || catalogue.FindStrict(key) is not null) ? "a text"
        : node.Scalar is { } text ? PlainText.Quote(SettingRules.WithoutCredentials(text))
        : node.Items is not null ? "a list"
        : node.Members is not null ? "a section"
        : "nothing";

    private static string Expected(SettingKind kind) => kind switch
    {
        SettingKind.Section => "the keys of this section belong",
        SettingKind.Values => "a list of single values belongs",
        SettingKind.Sections => "a list of sections belongs",
        SettingKind.Named => "sections with names belong",
        _ => "one value belongs",
    };

    private string Origin(FileNode node) => node.Line > 0 ? $"in {path} line {node.Line}" : $"in {path}";
}
